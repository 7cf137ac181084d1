import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from openinspector.agent.files.state_lock import RunningAgent
from openinspector.agent.operation.status import AgentStatus
from openinspector.agent.operation.status_report import (
    StatusReport,
    installed_slots,
    status_json,
    status_lines,
)
from openinspector.agent.operation.update_outcome import OUTCOME_FILE, UpdateCode, UpdateOutcome, load_outcome
from openinspector.model.agent import AgentHealthCode
from openinspector.wire.message import SpoolReport

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATUS = AgentStatus(
    version="0.1.0",
    endpoint="https://inspector.example:8443",
    agent_id="host-" + "0" * 17,
    health_code=AgentHealthCode.IDLE,
    heartbeat_seconds=60,
    written_at=NOW,
    last_contact_at=NOW,
    spool=SpoolReport(bytes_used=32 * 2**20, bytes_limit=64 * 2**20, envelopes=3),
)
REPORT = StatusReport(status=STATUS, now=NOW + timedelta(seconds=5), running=RunningAgent(pid=7), auto_update=True)


def of(**changes: object) -> StatusReport:
    return replace(REPORT, status=msgspec.structs.replace(STATUS, **changes))


def test_parsed_lines_come_first_and_are_exact() -> None:
    assert list(status_lines(REPORT))[:3] == [
        "Agent version : 0.1.0",
        "Endpoint : https://inspector.example:8443",
        "Collecting : false",
    ]
    assert "Collecting : true" in status_lines(of(collecting=("run",)))


def test_full_report_has_every_line() -> None:
    full = of(collecting=("arn:run",), details="Disk full.", problem="Nobody there.", proxy="proxy:3128")
    text = "\n".join(status_lines(replace(full, slots={"stable": "0.1.0", "experiment": "0.2.0"})))
    for part in (
        "arn:run",
        "Disk full.",
        "Nobody there.",
        "5 s ago",
        "every 60 s",
        "pid 7",
        "50 %",
        "Proxy : proxy:3128",
        "Installed : stable 0.1.0, experiment 0.2.0",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("report", "health"),
    [
        (REPORT, "HEALTHY (IDLE)"),
        (replace(REPORT, running=None), "UNHEALTHY (not running; it was IDLE)"),
        (replace(of(health_code=AgentHealthCode.SHUTDOWN), running=None), "UNHEALTHY (SHUTDOWN)"),
        (of(health_code=AgentHealthCode.UNHEALTHY), "UNHEALTHY (UNHEALTHY)"),
        (of(last_contact_at=None), "UNHEALTHY (IDLE, but out of touch)"),
        (of(last_contact_at=NOW + timedelta(days=1)), "UNHEALTHY (IDLE, but out of touch)"),
        (replace(REPORT, running=RunningAgent(pid=None)), "HEALTHY (IDLE)"),
    ],
)
def test_only_an_agent_that_runs_and_is_in_touch_is_healthy(report: StatusReport, health: str) -> None:
    lines = status_lines(report)
    assert f"Health : {health}" in lines
    assert any(line.startswith("Advice : ") for line in lines) is not report.is_healthy
    assert status_json(report)["healthy"] is report.is_healthy


def test_an_agent_that_died_collecting_collects_no_more() -> None:
    assert "Collecting : false" in status_lines(replace(of(collecting=("run",)), running=None))


@pytest.mark.parametrize(
    ("auto_update", "outcome", "line"),
    [
        (True, None, "Updates : on"),
        (False, None, "Updates : off"),
        (
            True,
            UpdateOutcome(at=NOW, result=UpdateCode.UPDATED, from_version="1", to_version="2"),
            "Updates : on, last result UPDATED from 1 to 2, 2026-03-01 12:00:00 UTC, 5 s ago",
        ),
    ],
)
def test_updates_are_shown(auto_update: bool, outcome: UpdateOutcome | None, line: str) -> None:  # noqa: FBT001
    assert line in status_lines(replace(REPORT, auto_update=auto_update, last_update=outcome))


def test_update_outcome_is_loaded_and_garbage_ignored(tmp_path: Path) -> None:
    assert load_outcome(tmp_path) is None
    outcome = UpdateOutcome(at=NOW, result=UpdateCode.UPDATED, from_version="1", to_version="2")
    (tmp_path / OUTCOME_FILE).write_bytes(msgspec.json.encode(outcome))
    assert load_outcome(tmp_path) == outcome
    for garbage in (b"", b"{}", b"\xff", b"[" * 100_000):
        (tmp_path / OUTCOME_FILE).write_bytes(garbage)
        assert load_outcome(tmp_path) is None


def test_a_code_of_a_newer_version_is_read_as_unknown(tmp_path: Path) -> None:
    (tmp_path / OUTCOME_FILE).write_text('{"at": "2026-03-01T12:00:00Z", "result": "INVENTED_LATER"}')
    outcome = load_outcome(tmp_path)
    assert outcome is not None
    assert outcome.result is UpdateCode.UNKNOWN


def test_slots_are_read_from_their_links(tmp_path: Path) -> None:
    assert installed_slots(tmp_path) == {}
    (tmp_path / "stable").symlink_to("versions/1.2.3")
    (tmp_path / "experiment").write_text("no link")
    assert installed_slots(tmp_path) == {"stable": "1.2.3"}


def test_the_json_form_has_the_status_file_and_the_live_state() -> None:
    shown = json.loads(json.dumps(status_json(replace(REPORT, slots={"stable": "0.1.0"}))))
    assert shown["agent_id"] == STATUS.agent_id
    assert (shown["running"], shown["pid"], shown["updates"]) == (True, 7, {"on": True, "last": None})
    assert shown["installed"] == {"stable": "0.1.0"}
