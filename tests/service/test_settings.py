"""Wrong settings stop the service with the setting's name and what is allowed."""

import dataclasses
from pathlib import Path

import pytest

from openinspector.service import settings as module
from openinspector.service.settings import Settings, SettingsError, read_settings


def test_no_variable_gives_the_defaults() -> None:
    assert read_settings({"HOME": "/root"}) == Settings()


def test_values_are_typed() -> None:
    read = read_settings({"OPENINSPECTOR_DATA_DIR": "/srv/oi", "OPENINSPECTOR_HEARTBEAT_SECONDS": "5"})
    assert read.data_dir == Path("/srv/oi")
    assert read.heartbeat_seconds == 5
    assert read.database == "sqlite:////srv/oi/openinspector.db"
    assert read.objects == "file:///srv/oi/objects"


@pytest.mark.parametrize(("listen", "address"), [("0.0.0.0:443", ("0.0.0.0", 443)), ("[::]:8443", ("::", 8443))])
def test_listen_is_an_address_and_a_port(listen: str, address: tuple[str, int]) -> None:
    assert read_settings({"OPENINSPECTOR_LISTEN": listen}).address == address


@pytest.mark.parametrize(
    ("variable", "text", "allowed"),
    [
        ("DATA_DIR", "relative/path", "an absolute path"),
        ("LISTEN", "8443", "ADDRESS:PORT"),
        ("LISTEN", "0.0.0.0:70000", "ADDRESS:PORT"),
        ("SERVER_NAMES", " , ", "names or addresses"),
        ("DATABASE_URL", "mysql://x", "postgresql"),
        ("OBJECT_URL", "ftp://x", "s3://"),
        ("ACCOUNT", "12345", "12 digits"),
        ("REGION", "mars-north-1", "us-east-1"),
        ("HEARTBEAT_SECONDS", "4", "from 5 to 300"),
        ("HEARTBEAT_SECONDS", "-5", "from 5 to 300"),
        ("HEARTBEAT_SECONDS", "soon", "from 5 to 300"),
        ("RUN_ENDS", "never", "streams-closed, duration"),
        ("LOG_LEVEL", "loud", "debug"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(variable: str, text: str, allowed: str) -> None:
    with pytest.raises(SettingsError, match=f"OPENINSPECTOR_{variable}='") as refused:
        read_settings({f"OPENINSPECTOR_{variable}": text})
    assert allowed in refused.value.advice


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(SettingsError, match="unknown setting OPENINSPECTOR_DATADIR") as refused:
        read_settings({"OPENINSPECTOR_DATADIR": "/srv"})
    assert "OPENINSPECTOR_DATA_DIR" in refused.value.advice


def test_the_agent_s_settings_are_left_to_it() -> None:
    assert read_settings({"OPENINSPECTOR_AGENT_ENDPOINT": "https://x"}) == Settings()


def test_every_setting_has_a_parser() -> None:
    assert set(module._PARSERS) == {field.name for field in dataclasses.fields(Settings)}
