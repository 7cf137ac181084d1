"""Usage of run-experiment. tests/agent/update/test_life.py runs trials with real processes."""

from pathlib import Path

import pytest
from tests.agent.commands.command_line import call
from tests.agent.update.installed_host import InstalledHost

from openinspector.agent.update.installation import VERSION_FOLDER
from openinspector.agent.update.running import update_lock
from openinspector.testing.simulated_gateway import SimulatedGateway
from openinspector.testing.simulated_releases import SimulatedReleases


def test_only_a_version_in_slots_is_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path / "state", "run-experiment") == 1
    assert "does not run from a version's folder" in capsys.readouterr().err


def test_only_the_version_on_trial_is_tried(
    gateway: SimulatedGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    releases = SimulatedReleases(tmp_path / "releases")
    host = InstalledHost(folder=tmp_path / "host", at=gateway, releases=releases)
    host.install("1.0", 1)
    monkeypatch.setenv(VERSION_FOLDER, str(host.root / "versions" / "1.0"))
    assert call(host.state, "run-experiment") == 1
    assert "1.0 is not the version on trial" in capsys.readouterr().err
    with update_lock(host.state):
        assert call(host.state, "run-experiment") == 1
    assert "another update is in progress" in capsys.readouterr().err
    assert gateway.heartbeats == []
