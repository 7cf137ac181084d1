import json
from pathlib import Path

import pytest
from tests.agent.commands.command_line import call

from openinspector.agent.commands.check import WIDTH, result_lines
from openinspector.agent.operation.installation_check import CheckResult, CheckVerdict
from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway


def test_check_reports_everything_and_exits_with_0_on_success(
    tmp_path: Path, gateway: SimulatedGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    options = ["--endpoint", gateway.url, "--token", "-", "--ca", str(gateway.ca_file)]
    assert call(state, "enrol", *options, stdin=f"{TOKEN}\n") == 0
    capsys.readouterr()
    assert call(state, "check", "--connect") == 0
    output = capsys.readouterr().out
    assert f"ok      service           {gateway.url} answers" in output
    assert all(len(line) <= WIDTH for line in output.splitlines())
    assert call(state, "check", "--json") == 0
    results = json.loads(capsys.readouterr().out)
    assert {result["verdict"] for result in results} == {"ok", "warning"}
    assert set(results[0]) == {"name", "verdict", "found", "advice"}


def test_check_exits_with_1_on_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "check") == 1
    assert "failed  enrolment" in capsys.readouterr().out


def test_long_findings_are_wrapped() -> None:
    result = CheckResult(name="x", verdict=CheckVerdict.FAILED, found="word " * 50, advice="do " * 50)
    assert all(len(line) <= WIDTH for line in result_lines(result))
