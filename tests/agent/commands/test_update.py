import json
from pathlib import Path

import pytest
from tests.agent.commands.command_line import call


def test_agent_outside_slots_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path / "state", "update") == 0
    output = capsys.readouterr().out.splitlines()
    assert "does not run from a version's folder" in output[0]
    assert output[-1] == "UPDATE_DISABLED"


def test_the_outcome_is_one_json_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path / "state", "update", "--json") == 0
    outcome = json.loads(capsys.readouterr().out)
    assert (outcome["result"], outcome["to_version"]) == ("UPDATE_DISABLED", "")


def test_usage_error_has_a_distinct_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path / "state", "update", "--now") == 2
    assert "unrecognized arguments" in capsys.readouterr().err
