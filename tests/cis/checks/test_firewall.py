import pytest
from tests.cis.judging import judge, unit

from openinspector.model.configuration import FirewallAuthority, FirewallChain, FirewallRule
from openinspector.model.record import Record

USED = unit("nftables.service")


def chain(hook: str, policy: str = "drop", authority: FirewallAuthority = FirewallAuthority.KERNEL) -> FirewallChain:
    return FirewallChain(authority=authority, family="inet", table="filter", name=hook, hook=hook, policy=policy)


def rule(hook: str, *expressions: str) -> FirewallRule:
    return FirewallRule(
        authority=FirewallAuthority.KERNEL, family="inet", table="filter", chain=hook, expressions=expressions
    )


CLOSED = (chain("input"), chain("forward"), chain("output"))


@pytest.mark.parametrize(
    ("name", "records", "expected"),
    [
        ("nftables_chains", (USED, *CLOSED), "Satisfied"),
        ("nftables_chains", (USED, chain("input")), "Violated"),
        ("nftables_chains", (unit("ufw.service"), *CLOSED), "Inapplicable"),
        ("nftables_chains", CLOSED, "Inapplicable"),
        ("nftables_deny", (USED, *CLOSED), "Satisfied"),
        ("nftables_deny", (USED, chain("input", "accept"), *CLOSED[1:]), "Violated"),
        (
            "nftables_deny",
            (USED, chain("input", "accept"), rule("input", "[ immediate reg 0 drop ]"), *CLOSED[1:]),
            "Satisfied",
        ),
        ("nftables_deny", (USED, *(chain(hook, "drop", FirewallAuthority.FILE) for hook in ("input",))), "Violated"),
        (
            "nftables_loopback",
            (USED, rule("input", 'iif "lo" accept'), rule("input", "ip saddr 127.0.0.0/8 drop")),
            "Satisfied",
        ),
        ("nftables_loopback", (USED, rule("input", 'iif "lo" accept')), "Violated"),
    ],
)
def test_verdicts(name: str, records: tuple[Record, ...], expected: str) -> None:
    assert judge(name, *records) == expected


def test_an_unread_filter_is_unknown() -> None:
    assert judge("nftables_deny", USED, *CLOSED, incomplete=("firewall",)) == "Unknown"
