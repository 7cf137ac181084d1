import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.connection.windows_proxy import CONNECTIONS, SWITCH, parse_winhttp_settings, with_winhttp_proxy
from openinspector.agent.settings.settings import Address, AgentSettings, AgentSettingsError, Proxy
from openinspector.testing.conformance.sensor import Files
from openinspector.testing.fake_host import FakeHost, Node
from openinspector.testing.windows_documents import Keys, recorded_windows

PROXY = Proxy(address=Address(host="proxy.example", port=3128))


def stored(proxies: bytes, *, flags: int = 3) -> bytes:
    numbers = (number.to_bytes(4, "little") for number in (24, 0, flags, len(proxies)))
    return b"".join(numbers) + proxies + (7).to_bytes(4, "little") + b"<local>"


def host(keys: Keys) -> FakeHost:
    return FakeHost(recorded_windows(keys))


@pytest.mark.parametrize(
    "proxies",
    [b"proxy.example:3128", b"http=other:80;https=proxy.example:3128", b"HTTPS=proxy.example:3128 http=other:80"],
)
def test_https_proxy_is_used(proxies: bytes) -> None:
    assert parse_winhttp_settings(stored(proxies)) == PROXY


@pytest.mark.parametrize("data", [stored(b"", flags=1), stored(b"x:1", flags=1), stored(b"http=other:80"), stored(b"")])
def test_absent_proxy(data: bytes) -> None:
    assert parse_winhttp_settings(data) is None


@pytest.mark.parametrize("data", [b"", stored(b"proxy:1")[:18], stored(b"\xff:1"), stored(b"https=http://a/b?c")])
def test_rejects_invalid_winhttp_settings(data: bytes) -> None:
    with pytest.raises(AgentSettingsError, match="WinHTTP"):
        parse_winhttp_settings(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_parsed_or_rejected(data: bytes) -> None:
    try:
        found = parse_winhttp_settings(data)
    except AgentSettingsError:
        return
    assert found is None or found.address.host


def test_used_only_if_enabled() -> None:
    connections = {CONNECTIONS: {"WinHttpSettings": stored(b"proxy.example:3128")}}
    assert with_winhttp_proxy(AgentSettings(), host(connections)).proxy is None
    assert with_winhttp_proxy(AgentSettings(), host({**connections, SWITCH: {"UseProxy": 0}})).proxy is None
    assert with_winhttp_proxy(AgentSettings(), host({**connections, SWITCH: {"UseProxy": 1}})).proxy == PROXY


def test_a_switch_without_a_proxy_is_an_error() -> None:
    with pytest.raises(AgentSettingsError, match="no proxy for HTTPS"):
        with_winhttp_proxy(AgentSettings(), host({SWITCH: {"UseProxy": 1}, CONNECTIONS: {}}))


def test_a_registry_that_cannot_be_read_is_an_error() -> None:
    files: Files = {**recorded_windows({}), "C:/ProgramData/openinspector/Agent/exports/z.reg": Node(unreadable=True)}
    with pytest.raises(AgentSettingsError, match="cannot be read"):
        with_winhttp_proxy(AgentSettings(), FakeHost(files))
