import pytest
from tests.cis.judging import judge, unit

from openinspector.cis.alternative import ALTERNATIVES, ANY
from openinspector.model.record import Record
from openinspector.model.tailoring import Tailoring

UFW = unit("ufw.service")
NFTABLES = unit("nftables.service")


def choosing(firewall: str) -> Tailoring:
    return Tailoring(variables={"firewall": firewall})


def test_every_alternative_is_a_choice_of_its_variable() -> None:
    for one in ALTERNATIVES.values():
        assert one.name in one.variable.choices
        assert one.variable.default == ANY


@pytest.mark.parametrize(
    ("chosen", "units", "expected"),
    [
        ("any", (UFW,), "Satisfied"),
        ("any", (UFW, NFTABLES), "Violated"),
        ("ufw", (UFW,), "Satisfied"),
        ("nftables", (UFW,), "Violated"),
        ("ufw", (), "Violated"),
    ],
)
def test_the_firewall_that_the_site_chose_must_start(chosen: str, units: tuple[Record, ...], expected: str) -> None:
    assert judge("one_firewall", *units, tailoring=choosing(chosen)) == expected


@pytest.mark.parametrize(
    ("chosen", "units", "expected"),
    [
        ("any", (NFTABLES,), "Violated"),
        ("any", (UFW,), "Inapplicable"),
        ("any", (), "Inapplicable"),
        ("nftables", (), "Violated"),
        ("ufw", (NFTABLES,), "Inapplicable"),
    ],
)
def test_requirements_about_other_firewalls_do_not_apply(chosen: str, units: tuple[Record, ...], expected: str) -> None:
    assert judge("nftables_chains", *units, tailoring=choosing(chosen)) == expected
    assert judge("nftables?installed:nftables", *units, tailoring=choosing(chosen)) == expected


def test_units_that_were_not_read_are_unknown_unless_the_site_chose() -> None:
    assert judge("nftables_chains", incomplete=("systemd_units",)) == "Unknown"
    assert judge("nftables_chains", incomplete=("systemd_units",), tailoring=choosing("ufw")) == "Inapplicable"
