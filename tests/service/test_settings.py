"""Wrong settings stop the service with the setting's name and what is allowed."""

import dataclasses
from pathlib import Path

import pytest

from openinspector.service import settings as module
from openinspector.service.settings import ServiceSettingsError, Settings, read_settings


def test_no_variable_gives_the_defaults() -> None:
    assert read_settings({"HOME": "/root"}) == Settings()


def test_values_are_typed() -> None:
    read = read_settings({"OPENINSPECTOR_DATA_DIR": "/srv/oi", "OPENINSPECTOR_HEARTBEAT_SECONDS": "5"})
    assert read.data_dir == Path("/srv/oi")
    assert read.heartbeat_seconds == 5
    assert read.database == "sqlite:////srv/oi/openinspector.db"
    assert read.objects == "file:///srv/oi/objects"


AWS = {
    "OPENINSPECTOR_AWS_ACCOUNTS": "123456789012",
    "OPENINSPECTOR_AWS_ROLES": "fleet",
    "OPENINSPECTOR_AWS_CERTIFICATES": "/etc/openinspector/aws",
}


def test_by_default_only_tokens_enrol() -> None:
    read = read_settings({})
    assert (read.enrolment_methods, read.aws_accounts, read.aws_roles) == (("join_token",), (), ())
    more = read_settings({**AWS, "OPENINSPECTOR_ENROLMENT_METHODS": "aws_role, join_token"})
    assert more.enrolment_methods == ("aws_role", "join_token")


@pytest.mark.parametrize(
    ("method", "missing"),
    [
        ("aws_instance", "AWS_ACCOUNTS"),
        ("aws_instance", "AWS_CERTIFICATES"),
        ("aws_role", "AWS_ACCOUNTS"),
        ("aws_role", "AWS_ROLES"),
    ],
)
def test_method_without_its_settings_is_fatal(method: str, missing: str) -> None:
    some = {name: text for name, text in AWS.items() if name != f"OPENINSPECTOR_{missing}"}
    with pytest.raises(ServiceSettingsError, match=f"OPENINSPECTOR_{missing} is not set"):
        read_settings({**some, "OPENINSPECTOR_ENROLMENT_METHODS": method})


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
        ("ENROLMENT_METHODS", "", "join_token, aws_instance, aws_role"),
        ("ENROLMENT_METHODS", "join_token,kerberos", "join_token, aws_instance, aws_role"),
        ("AWS_ACCOUNTS", "12345", "12 digits"),
        ("AWS_ACCOUNTS", "*", "12 digits"),
        ("AWS_ROLES", "a role", "names of roles"),
        ("AWS_ROLES", "*", "names of roles"),
        ("AWS_CERTIFICATES", "certificates", "an absolute path"),
        ("AWS_ASK_EC2", "maybe", "yes, no"),
        ("ATTESTATION_HOURS", "0", "from 1"),
        ("CLOUD", "azure", "none, aws, files"),
        ("CLOUD_REGIONS", "eu west", "regions separated by commas"),
        ("CLOUD_EXTERNAL_ID", "a b", "letters, digits"),
        ("CLOUD_ACCOUNTS_FILE", "accounts.toml", "an absolute path"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(variable: str, text: str, allowed: str) -> None:
    with pytest.raises(ServiceSettingsError, match=f"OPENINSPECTOR_{variable}='") as refused:
        read_settings({f"OPENINSPECTOR_{variable}": text})
    assert allowed in refused.value.advice


def test_files_need_a_folder() -> None:
    with pytest.raises(ServiceSettingsError, match="OPENINSPECTOR_CLOUD_FOLDER is not set"):
        read_settings({"OPENINSPECTOR_CLOUD": "files"})


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ServiceSettingsError, match="unknown setting OPENINSPECTOR_DATADIR") as refused:
        read_settings({"OPENINSPECTOR_DATADIR": "/srv"})
    assert "OPENINSPECTOR_DATA_DIR" in refused.value.advice


def test_agent_settings_are_ignored() -> None:
    assert read_settings({"OPENINSPECTOR_AGENT_ENDPOINT": "https://x"}) == Settings()


def test_every_setting_has_a_parser() -> None:
    assert set(module._PARSERS) == {field.name for field in dataclasses.fields(Settings)}


def test_a_node_with_fewer_roles_needs_postgresql() -> None:
    with pytest.raises(ServiceSettingsError, match="leaves out a role"):
        read_settings({"OPENINSPECTOR_ROLES": "gateway,api"})
    with pytest.raises(ServiceSettingsError, match="not allowed"):
        read_settings({"OPENINSPECTOR_ROLES": "driver"})
    url = "postgresql+psycopg://db.example/one"
    both = {"OPENINSPECTOR_DATABASE_URL": url, "OPENINSPECTOR_WORKFLOW_DATABASE_URL": url}
    assert read_settings({**both, "OPENINSPECTOR_ROLES": "worker, api"}).roles == ("worker", "api")
    assert read_settings({"OPENINSPECTOR_ROLES": "worker,console,api,gateway"}).roles
