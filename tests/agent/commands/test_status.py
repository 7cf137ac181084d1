import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.agent.commands.command_line import call

from openinspector.agent.files.state_lock import take_lock
from openinspector.agent.operation.status import AgentStatus, save_status
from openinspector.model.agent import AgentHealthCode


def status(health: AgentHealthCode = AgentHealthCode.IDLE, age: float = 0) -> AgentStatus:
    now = datetime.now(UTC)
    return AgentStatus(
        version="0.1.0",
        endpoint="https://inspector.example",
        agent_id="host-" + "0" * 17,
        health_code=health,
        heartbeat_seconds=60,
        written_at=now,
        last_contact_at=now - timedelta(seconds=age),
    )


def test_a_healthy_agents_status_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = take_lock(tmp_path)
    save_status(tmp_path, status())
    assert call(tmp_path, "status") == 0
    os.close(lock)
    assert capsys.readouterr().out.splitlines()[:3] == [
        "Agent version : 0.1.0",
        "Endpoint : https://inspector.example",
        "Collecting : false",
    ]


@pytest.mark.parametrize("found", [status(), status(AgentHealthCode.SHUTDOWN), status(age=3600)])
def test_any_other_status_exits_with_1(tmp_path: Path, found: AgentStatus, capsys: pytest.CaptureFixture[str]) -> None:
    save_status(tmp_path, found)
    assert call(tmp_path, "status") == 1
    capsys.readouterr()
    assert call(tmp_path, "status", "--json") == 1
    assert json.loads(capsys.readouterr().out)["healthy"] is False


def test_an_agent_that_never_ran_cannot_be_contacted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "status") == 1
    assert "cannot be contacted" in capsys.readouterr().err
