from datetime import timedelta
from pathlib import Path

import pytest

from openinspector.agent.settings.settings import (
    Address,
    AgentSettings,
    AgentSettingsError,
    Proxy,
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
        no_proxy = .internal.example, 10.0.0.0/8
        auto_update = false
        update_url = https://releases.example/agent
        log_file = /var/log/openinspector-agent/agent.log
        log_bytes = 1 MiB
        log_files = 3
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
        no_proxy=(".internal.example", "10.0.0.0/8"),
        auto_update=False,
        update_url="https://releases.example/agent/",
        log_file=Path("/var/log/openinspector-agent/agent.log"),
        log_bytes=2**20,
        log_files=3,
    )


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "endpoint = https://one.example\nlog_level = debug\n")
    settings = load_settings(file, {"OPENINSPECTOR_AGENT_ENDPOINT": "https://two.example"})
    assert settings.endpoint == Address(host="two.example", port=443)
    assert settings.log_level == "debug"


def test_missing_default_file_means_defaults(tmp_path: Path) -> None:
    absent = {"OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(tmp_path)}
    assert load_settings(None, absent) == AgentSettings(state_directory=tmp_path)


def test_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(AgentSettingsError, match="is not there"):
        load_settings(tmp_path / "absent.cfg", {})
    with pytest.raises(AgentSettingsError, match="is not there"):
        load_settings(None, {"OPENINSPECTOR_AGENT_CONFIG": str(tmp_path / "absent.cfg")})


@pytest.mark.parametrize(
    ("line", "message"),
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
        *(
            (f"state_directory = {folder}", "of the agent's own, such as")
            for folder in (
                "/",
                "//",
                "/etc",
                "//etc/",
                "/srv/../etc",
                "/var",
                "/var/lib",
                "/usr",
                "/home",
                "/root",
                "/tmp",
            )
        ),
        ("proxy = https://proxy", "host:port"),
        ("proxy = socks5://proxy", "host:port"),
        ("spool_bytes = 12", "1 MiB to 16 GiB"),
        ("spool_bytes = -1 MiB", "1 MiB to 16 GiB"),
        ("spool_bytes = 64 MB", "1 MiB to 16 GiB"),
        ("spool_age = 5 s", "1 min to 30 d"),
        ("spool_age = forever", "1 min to 30 d"),
        ("log_level = chatty", "debug, info, warning, error"),
        ("log_file = agent.log", "an absolute path"),
        ("log_bytes = 1", "64 KiB to 1 GiB"),
        ("log_files = 0", "1 to 100"),
        ("log_files = ²", "1 to 100"),
        ("no_proxy = a;b", "host names"),
        ("auto_update = yes", "true or false"),
        ("update_url = http://plain.example/", "an https URL"),
        ("update_url = https://user@x/", "an https URL"),
        ("update_url = https://x:0/", "an https URL"),
        ("update_url = https://x:y/", "an https URL"),
    ],
)
def test_error_names_the_setting_and_allowed_values(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(AgentSettingsError) as wrong:
        load_settings(written(tmp_path, f"\n{line}\n"), {})
    assert "agent.cfg:2: " + line.split(" ", maxsplit=1)[0] in str(wrong.value)
    assert message in wrong.value.advice


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(AgentSettingsError, match="OPENINSPECTOR_AGENT_LOG_LEVEL"):
        load_settings(None, {"OPENINSPECTOR_AGENT_LOG_LEVEL": "chatty"})


@pytest.mark.parametrize(
    "text", ["endpont = https://x", "[agent]", "endpoint", "log_level = info\nlog_level = debug", "= x"]
)
def test_rejects_invalid_lines(tmp_path: Path, text: str) -> None:
    with pytest.raises(AgentSettingsError, match=r"agent\.cfg:[12]"):
        load_settings(written(tmp_path, text), {})


def test_rejects_other_files(tmp_path: Path) -> None:
    path = tmp_path / "agent.cfg"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AgentSettingsError, match="UTF-8"):
        load_settings(path, {})
    path.write_bytes(b"#" * 100_000)
    with pytest.raises(AgentSettingsError, match="larger than"):
        load_settings(path, {})
    with pytest.raises(AgentSettingsError, match="cannot be read"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize("text", ["proxy.example:8080", "http://proxy.example:8080", "http://proxy.example:8080/"])
def test_proxy_with_and_without_scheme(text: str) -> None:
    assert parse_proxy(text) == Proxy(address=Address(host="proxy.example", port=8080))


def test_proxy_from_environment_respects_no_proxy() -> None:
    proxied = {"https_proxy": "proxy:3128"}
    host = "a.internal.example"
    assert load_settings(None, proxied).proxy_for(host) == Proxy(address=Address(host="proxy", port=3128))
    excepted = load_settings(None, proxied | {"no_proxy": "169.254.169.254,.internal.example"})
    assert excepted.proxy_for(host) is None
    assert excepted.proxy_for("releases.example") is not None
    assert load_settings(None, proxied | {"OPENINSPECTOR_AGENT_PROXY": ""}).proxy_for(host) is None
    with pytest.raises(AgentSettingsError, match="https_proxy"):
        load_settings(None, {"https_proxy": "socks5://x"})


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254"])
def test_metadata_service_never_uses_the_proxy(address: str) -> None:
    proxied = load_settings(None, {"https_proxy": "proxy:3128", "no_proxy": "other.example"})
    assert proxied.proxy_for(address) is None


@pytest.mark.parametrize(
    "text",
    [
        "export https_proxy=proxy:3128\nexport http_proxy=proxy:3128\nexport no_proxy=169.254.169.254\n",
        "https_proxy=http://proxy:3128\nno_proxy='169.254.169.254'\n",
        '# ours\n\nHTTPS_PROXY="http://proxy:3128/"\n  export\tNO_PROXY=169.254.169.254',
    ],
)
def test_the_environment_file_is_read_in_each_of_its_forms(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, "")
    (tmp_path / "agent.env").write_text(text)
    settings = load_settings(file, {"https_proxy": "what-an-administrators-shell-has:1"})
    assert settings.proxy == Proxy(address=Address(host="proxy", port=3128))
    assert settings.no_proxy == ("169.254.169.254",)


def test_settings_file_overrides_environment_file(tmp_path: Path) -> None:
    (tmp_path / "agent.env").write_text("https_proxy=proxy:3128")
    assert load_settings(written(tmp_path, "proxy ="), {}).proxy is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https_proxy=proxy:1\nPATH=/tmp", "agent.env:2"),
        ("https_proxy=$(cat /etc/shadow)", "agent.env:1"),
        ("https_proxy=proxy:1 # ours", "agent.env:1"),
        ("https_proxy='proxy:1", "agent.env:1"),
        ("https_proxy=a:1\nexport HTTPS_PROXY=b:1", "set twice"),
        ("https_proxy=socks5://x", "https_proxy in"),
    ],
)
def test_an_environment_file_that_needs_a_shell_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "agent.env").write_text(text)
    with pytest.raises(AgentSettingsError, match=message) as wrong:
        load_settings(written(tmp_path, ""), {})
    assert wrong.value.advice
    assert "shadow" not in str(wrong.value)


@pytest.mark.parametrize("name", ["agent.cfg", "agent.env"])
def test_files_writable_by_others_are_refused(tmp_path: Path, name: str) -> None:
    file = written(tmp_path, "")
    (tmp_path / "agent.env").write_text("")
    (tmp_path / name).chmod(0o622)
    with pytest.raises(AgentSettingsError, match=f"others may write to .*{name}") as wrong:
        load_settings(file, {})
    assert "chmod go-w" in wrong.value.advice


def test_pristine_copy_replaces_a_missing_settings_file(tmp_path: Path) -> None:
    (tmp_path / "agent.cfg.orig").write_text("log_level = error\n")
    assert load_settings(tmp_path / "agent.cfg", {}).log_level == "error"
    assert load_settings(written(tmp_path, "log_level = debug\n"), {}).log_level == "debug"


def test_proxy_password_is_percent_decoded() -> None:
    proxy = parse_proxy("http://a%40b:%24%20%3A@proxy:1")
    assert proxy is not None
    assert proxy.authorization == "a@b:$ :"


def test_a_proxys_password_is_not_shown(tmp_path: Path) -> None:
    proxy = parse_proxy("http://someone:secret@proxy:1")
    assert "secret" not in repr(proxy)
    with pytest.raises(AgentSettingsError) as wrong:
        load_settings(written(tmp_path, "proxy = http://someone:secret@proxy:1/path"), {})
    assert "secret" not in str(wrong.value)


def test_addresses_print_as_they_are_written_in_urls() -> None:
    assert str(parse_endpoint("https://[::1]:8443")) == "[::1]:8443"
    assert str(parse_endpoint("https://example")) == "example:443"
