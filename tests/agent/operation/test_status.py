from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from openinspector.agent.operation.status import (
    STATUS_FILE,
    AgentStatus,
    StatusError,
    is_in_touch,
    load_status,
    save_status,
)
from openinspector.model.agent import AgentHealthCode

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATUS = AgentStatus(
    version="0.1.0",
    endpoint="https://inspector.example:8443",
    agent_id="host-" + "0" * 17,
    health_code=AgentHealthCode.IDLE,
    heartbeat_seconds=60,
    written_at=NOW,
    last_contact_at=NOW,
)


def changed(**changes: object) -> AgentStatus:
    return msgspec.structs.replace(STATUS, **changes)


def test_status_round_trip(tmp_path: Path) -> None:
    save_status(tmp_path, STATUS)
    assert load_status(tmp_path) == STATUS


@pytest.mark.parametrize(
    ("status", "after", "healthy"),
    [
        (STATUS, 180, True),
        (STATUS, 181, False),
        (STATUS, -180, True),
        (STATUS, -181, False),
        (changed(last_contact_at=None), 0, False),
        (changed(health_code=AgentHealthCode.RUNNING), 0, True),
        (changed(health_code=AgentHealthCode.THROTTLED), 0, True),
        (changed(health_code=AgentHealthCode.UNHEALTHY), 0, False),
        (changed(health_code=AgentHealthCode.SHUTDOWN), 0, False),
    ],
)
def test_an_agent_is_in_touch_within_three_heartbeats(status: AgentStatus, *, after: int, healthy: bool) -> None:
    assert is_in_touch(status, NOW + timedelta(seconds=after)) is healthy


def test_missing_status_has_advice(tmp_path: Path) -> None:
    with pytest.raises(StatusError, match="cannot be contacted") as absent:
        load_status(tmp_path)
    assert absent.value.advice


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 100_000])
def test_invalid_status_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STATUS_FILE).write_bytes(content)
    with pytest.raises(StatusError, match="not understood"):
        load_status(tmp_path)
