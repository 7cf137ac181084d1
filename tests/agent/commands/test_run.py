from pathlib import Path

import pytest
from tests.agent.commands.command_line import call


def test_unenrolled_agent_explains_enrolment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "run") == 1
    settings = tmp_path / "agent.cfg"
    settings.write_text("log_level = warning\n")
    assert call(tmp_path, "--config", str(settings), "run") == 1
    assert capsys.readouterr().err.count("this host is not enrolled") == 2


def test_invalid_settings_file_is_fatal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "agent.cfg"
    settings.write_text("colour = green\n")
    assert call(tmp_path, "--config", str(settings), "run") == 2
    assert "agent.cfg:1: 'colour' is not a setting of the agent" in capsys.readouterr().err
