import json
from pathlib import Path

import pytest
from tests.agent.commands.command_line import call

from openinspector.agent.files.state_lock import take_lock
from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway


def enrol(gateway: SimulatedGateway, state: Path) -> None:
    assert call(state, "enrol", "--endpoint", gateway.url, "--token", TOKEN, "--ca", str(gateway.ca_file)) == 0


def test_identity_is_removed_and_the_copy_enrols_as_another_agent(
    gateway: SimulatedGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    enrol(gateway, state)
    (state / "spool" / "stream").mkdir(parents=True)
    (state / "spool" / "stream" / "000001.oit").write_bytes(b"telemetry")
    assert call(state, "prepare-image") == 0
    assert [path.name for path in state.iterdir()] == ["lock"]
    assert "Removed ca.pem, enrolment.json, host.key, machine-id, spool" in capsys.readouterr().out
    enrol(gateway, state)
    assert len(gateway.agents) == 2


def test_second_call_removes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path / "state", "prepare-image", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"removed": []}


def test_a_running_agent_keeps_its_identity(
    gateway: SimulatedGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    enrol(gateway, state)
    take_lock(state)  # as a running agent holds it
    assert call(state, "prepare-image") == 1
    assert "already running" in capsys.readouterr().err
    assert (state / "host.key").is_file()
