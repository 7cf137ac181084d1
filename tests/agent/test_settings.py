from datetime import timedelta
from pathlib import Path

import pytest

from openinspector.agent.settings import (
    Address,
    AgentSettings,
    Proxy,
    SettingsError,
    load_settings,
    parse_endpoint,
    parse_proxy,
)


def written(folder: Path, text: str) -> Path:
    path = folder / "agent.cfg"
    path.write_text(text)
    return path


def test_every_setting_of_a_file(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
        # where the service is
        endpoint = https://inspector.example:8443
        ca_file = /etc/openinspector/ca.pem
        ; state
        state_directory = /srv/agent
        proxy = http://someone:secret@proxy.example:8080
        spool_bytes = 128 MiB
        spool_age = 12 h
        log_level = debug
        """,
    )
    assert load_settings(file, {}) == AgentSettings(
        endpoint=Address(host="inspector.example", port=8443),
        ca_file=Path("/etc/openinspector/ca.pem"),
        state_directory=Path("/srv/agent"),
        proxy=Proxy(address=Address(host="proxy.example", port=8080), authorization="someone:secret"),
        spool_bytes=128 * 2**20,
        spool_age=timedelta(hours=12),
        log_level="debug",
    )


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "endpoint = https://one.example\nlog_level = debug\n")
    settings = load_settings(file, {"OPENINSPECTOR_AGENT_ENDPOINT": "https://two.example"})
    assert settings.endpoint == Address(host="two.example", port=443)
    assert settings.log_level == "debug"


def test_without_the_default_file_defaults_stand(tmp_path: Path) -> None:
    absent = {"OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(tmp_path)}
    assert load_settings(None, absent) == AgentSettings(state_directory=tmp_path)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not there"):
        load_settings(tmp_path / "absent.cfg", {})
    with pytest.raises(SettingsError, match="is not there"):
        load_settings(None, {"OPENINSPECTOR_AGENT_CONFIG": str(tmp_path / "absent.cfg")})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("endpoint = http://plain.example", "https://host"),
        ("endpoint = https://host/path", "nothing after it"),
        ("endpoint = https://user@host", "nothing after it"),
        ("endpoint = https://host:0", "1 to 65535"),
        ("endpoint = https://host:99999", "1 to 65535"),
        ("endpoint = https://", "host name"),
        ("endpoint = https://a b", "host name"),
        ("endpoint =", "https://host"),
        ("ca_file = ca.pem", "an absolute path"),
        ("state_directory = ~/agent", "an absolute path"),
        ("proxy = https://proxy", "host:port"),
        ("proxy = socks5://proxy", "host:port"),
        ("spool_bytes = 12", "1 MiB to 16 GiB"),
        ("spool_bytes = -1 MiB", "1 MiB to 16 GiB"),
        ("spool_bytes = 64 MB", "1 MiB to 16 GiB"),
        ("spool_age = 5 s", "1 min to 30 d"),
        ("spool_age = forever", "1 min to 30 d"),
        ("log_level = chatty", "debug, info, warning, error"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        load_settings(written(tmp_path, f"\n{line}\n"), {})
    assert "agent.cfg:2: " + line.split(" ", maxsplit=1)[0] in str(wrong.value)
    assert said in wrong.value.advice


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(SettingsError, match="OPENINSPECTOR_AGENT_LOG_LEVEL"):
        load_settings(None, {"OPENINSPECTOR_AGENT_LOG_LEVEL": "chatty"})


@pytest.mark.parametrize(
    "text", ["endpont = https://x", "[agent]", "endpoint", "log_level = info\nlog_level = debug", "= x"]
)
def test_lines_that_are_no_settings_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"agent\.cfg:[12]"):
        load_settings(written(tmp_path, text), {})


def test_a_file_that_is_no_settings_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "agent.cfg"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(path, {})
    path.write_bytes(b"#" * 100_000)
    with pytest.raises(SettingsError, match="larger than"):
        load_settings(path, {})
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize("text", ["proxy.example:8080", "http://proxy.example:8080", "http://proxy.example:8080/"])
def test_a_proxy_is_understood_with_and_without_scheme(text: str) -> None:
    assert parse_proxy(text) == Proxy(address=Address(host="proxy.example", port=8080))


def test_the_environments_proxy_is_honoured_but_for_excepted_hosts() -> None:
    proxied = {"OPENINSPECTOR_AGENT_ENDPOINT": "https://a.internal.example", "https_proxy": "proxy:3128"}
    assert load_settings(None, proxied).proxy == Proxy(address=Address(host="proxy", port=3128))
    assert load_settings(None, proxied | {"no_proxy": "169.254.169.254,.internal.example"}).proxy is None
    assert load_settings(None, proxied | {"no_proxy": "ternal.example"}).proxy is not None
    assert load_settings(None, proxied | {"OPENINSPECTOR_AGENT_PROXY": ""}).proxy is None
    with pytest.raises(SettingsError, match="https_proxy"):
        load_settings(None, {"https_proxy": "socks5://x"})


def test_a_proxys_password_is_not_shown(tmp_path: Path) -> None:
    proxy = parse_proxy("http://someone:secret@proxy:1")
    assert "secret" not in repr(proxy)
    with pytest.raises(SettingsError) as wrong:
        load_settings(written(tmp_path, "proxy = http://someone:secret@proxy:1/path"), {})
    assert "secret" not in str(wrong.value)


def test_addresses_print_as_they_are_written_in_urls() -> None:
    assert str(parse_endpoint("https://[::1]:8443")) == "[::1]:8443"
    assert str(parse_endpoint("https://example")) == "example:443"
