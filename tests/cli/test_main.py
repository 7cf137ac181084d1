"""The entry point: fast, helpful, and its exit statuses are those it documents."""

import subprocess
import sys

import pytest
from tests.cli.api_answers import FINDING
from tests.cli.conftest import Command

from openinspector.cli.main import COMMANDS, cli
from openinspector.testing.simulated_inspector import InspectorError, SimulatedInspector


def test_every_command_is_imported_and_summarised(command: Command) -> None:
    shown = command("--help")
    assert shown.status == 0
    for name, (_, summary) in COMMANDS.items():
        assert name in shown.words
        assert summary in shown.words


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"agent"}))  # the agent's own: test_agent.py
def test_every_command_has_help(command: Command, name: str) -> None:
    shown = command(name, "--help")
    assert shown.status == 0, shown.err
    assert f"Usage: openinspector {name}" in shown.out


def test_help_imports_nothing_heavy() -> None:
    """Start-up time is measured in bench; this test lists modules that must not be imported."""
    code = (
        "import sys; from openinspector.cli.main import cli; cli(['--help'], standalone_mode=False);"
        "print(*{m.split('.')[0] for m in sys.modules} & {'boto3', 'sqlalchemy', 'rich', 'starlette', 'dbos'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_the_version(command: Command) -> None:
    assert command("--version").out.startswith("openinspector, version ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check",), "No such command 'check'"),
        (("targets", "lsit"), "No such command 'lsit'"),
        (("targets", "list", "--jsno"), "--json"),
        (("targets", "create"), "Missing argument 'NAME'"),
        (("templates", "create", "x"), "Missing option '--target'"),
        (("templates", "create", "x", "--target", "arn", "--duration", "1"), "180<=x<=86400"),
        (("findings", "list", "--severity", "Critical"), "'high', 'medium'"),
        (("findings", "list", "--limit", "-1"), "x>=0"),
        (("admin", "tokens", "create", "--uses", "0"), "1<=x<=1000000"),
        (("admin", "tokens", "create", "--hours", "8761"), "1<=x<=8760"),
        (("admin", "tokens", "create", "--hours", "nan"), "'nan' is not a valid integer"),
        (("completion", "powershell"), "'bash', 'zsh', 'fish'"),
        (("targets", "list"), "AWS_ENDPOINT_URL_INSPECTOR"),
    ],
    ids=" ".join,
)
def test_2_wrong_usage_is_explained(command: Command, arguments: tuple[str, ...], message: str) -> None:
    done = command(*arguments)
    assert done.status == 2, done
    assert message in done.err
    assert done.out == ""


def test_0_done(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListAssessmentTargets", {"assessmentTargetArns": []})
    assert command("targets", "list").status == 0


def test_1_the_service_refuses(command: Command, inspector: SimulatedInspector) -> None:
    inspector.prepare("ListAssessmentTargets", InspectorError("AccessDeniedException", "not you"))
    done = command("targets", "list")
    assert (done.status, done.err) == (1, "openinspector: AccessDeniedException: not you\n")


def test_1_denied_batch_is_an_error(command: Command, inspector: SimulatedInspector) -> None:
    """The service answers 200 and reports the denial for each item."""
    failed = {FINDING: {"failureCode": "ACCESS_DENIED", "retryable": False}}
    inspector.prepare("ListFindings", {"findingArns": [FINDING]})
    inspector.prepare("DescribeFindings", {"findings": [], "failedItems": failed})
    done = command("findings", "list")
    message = "openinspector: AccessDeniedException: The access key may not do DescribeFindings.\n"
    assert (done.status, done.out, done.err) == (1, "", message)


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("OPENINSPECTOR_REGION", "mars-1", "us-east-1"),
        ("OPENINSPECTOR_RETENTION_DAYS", "0", "a whole number from 1 to 3650"),
        ("OPENINSPECTOR_LISTEN", "8443", "ADDRESS:PORT"),
        ("OPENINSPECTOR_RETENTON_DAYS", "1", "OPENINSPECTOR_RETENTION_DAYS"),
    ],
)
def test_1_invalid_setting_is_named_with_allowed_values(
    command: Command, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(variable, value)
    done = command("serve")
    assert done.status == 1
    assert variable in done.err
    assert allowed in done.err
    assert "Traceback" not in done.err


def test_3_the_service_is_unreachable(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of a test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    done = command("targets", "list", "--endpoint-url", "https://127.0.0.1:9")
    assert done.status == 3
    assert "127.0.0.1:9" in done.err
    assert "openinspector serve" in done.err


def test_the_group_knows_no_other_command() -> None:
    assert cli.get_command(None, "nothing") is None  # type: ignore[arg-type]  # the context is not looked at
