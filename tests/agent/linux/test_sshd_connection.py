from openinspector.agent.host import InterfaceAddress
from openinspector.agent.linux.sshd_connection import connections
from openinspector.agent.linux.sshd_file import SshdLine
from openinspector.agent.linux.sshd_match import parse_match
from openinspector.testing.fake_host import FakeHost, FakeSystem


def setting(criteria: str, keyword: str = "banner", argument: str = "x") -> SshdLine:
    blocks = (parse_match(criteria),) if criteria else ()
    return SshdLine(keyword=keyword, arguments=(argument,), source="f:1", blocks=blocks)


def test_default_connections_without_match_blocks() -> None:
    found = connections([setting("")], FakeHost(), "9.2p1")
    assert [(each.user == "root", ":" in each.address, each.local_port) for each in found] == [
        (False, False, 22),
        (False, True, 22),
        (True, False, 22),
        (True, True, 22),
    ]


def test_no_connection_is_special_without_match_blocks() -> None:
    """A user, a group or a network that a block names is not the typical one, whichever is named."""
    first = connections([], FakeHost(), "")[0]
    named = [setting(f"User {first.user}"), setting(f"Group {first.user}"), setting(f"Address {first.address}")]
    second = connections(named, FakeHost(), "")[0]
    assert second.user != first.user
    assert second.address != first.address


def test_tries_only_ports_and_addresses_that_blocks_distinguish() -> None:
    host = FakeHost(
        {},
        FakeSystem(
            addresses=tuple(
                InterfaceAddress(interface="eth0", ip_version=4, address=address)
                for address in ("10.0.0.1", "10.0.0.2", "192.0.2.1")
            )
        ),
    )
    settings = [setting("", "port", "22"), setting("", "port", "2222"), setting("", "listenaddress", "[::]:2200")]
    assert {each.local_port for each in connections(settings, host, "")} == {22}
    found = connections([*settings, setting("LocalPort 2200"), setting("LocalAddress 10.0.0.0/8")], host, "")
    assert {each.local_port for each in found} == {22, 2200}
    assert {each.local_address for each in found} == {"10.0.0.1", "192.0.2.1"}
