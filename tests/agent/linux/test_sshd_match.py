"""Match lines as sshd evaluates them; `test_sshd_configuration.py` compares whole configurations with sshd itself."""

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.linux.sshd_match import (
    ClientConnection,
    RefusedLineError,
    matches_address,
    matches_list,
    matches_pattern,
    parse_match,
)

ROOT = ClientConnection(
    user="root",
    groups=("root", "admins"),
    address="198.51.100.7",
    local_address="10.0.0.1",
    local_port=22,
    version="10.0p1",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", True),
        ("User root", True),
        ("user=root", True),
        ("User = root  Address 198.51.100.0/24", True),
        ("User root Address 10.0.0.0/8", False),
        ("Group admins", True),
        ("Group !admins,*", True),  # the first group already matches
        ("Group !root,*", False),
        ("LocalAddress 10.0.0.0/8 LocalPort 22", True),
        ("LocalPort 2222", False),
        ("LocalPort ssh", True),
        ("RDomain *", False),
        ("invalid-user", False),
        ("Version OpenSSH_10.*", True),
        ("User root # why", True),
    ],
)
def test_criteria(text: str, *, expected: bool) -> None:
    assert parse_match(text).matches(ROOT) is expected


@pytest.mark.parametrize(
    "text", ["", "# all", "all all", "User", "Colour red", "LocalPort 70000", "Address 10.0.0.0/33"]
)
def test_refused_lines(text: str) -> None:
    with pytest.raises(RefusedLineError):
        parse_match(text)


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab*?", max_size=6))
def test_patterns_agree_with_the_obvious_matcher(text: str, pattern: str) -> None:
    def obvious(text: str, pattern: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(obvious(text[skipped:], pattern[1:]) for skipped in range(len(text) + 1))
        return bool(text) and pattern[0] in ("?", text[0]) and obvious(text[1:], pattern[1:])

    assert matches_pattern(text, pattern) == obvious(text, pattern)


def test_brackets_are_not_special() -> None:
    assert matches_pattern("[root]", "[root]")
    assert not matches_pattern("r", "[root]")


def test_a_negated_pattern_wins_in_a_list() -> None:
    assert not matches_list("bob", "*,!bob")
    assert not matches_list("alice", "!bob")


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_networks_hold_their_addresses(address: ipaddress.IPv4Address, length: int) -> None:
    network = ipaddress.ip_network((address, length), strict=False)
    assert matches_address(str(address), str(network))
    assert not matches_address(str(address), f"!{network},*")


@given(st.text(max_size=80))
def test_any_line_is_evaluated_or_refused(text: str) -> None:
    with suppress(RefusedLineError):
        parse_match(text).matches(ROOT)
