from datetime import UTC, datetime

from openinspector.agent.operation.event_log import MAX_EVENT, EventLog
from openinspector.agent.operation.log import Log
from openinspector.testing.simulated_pywin32 import SimulatedPywin32


def test_each_line_is_an_event_of_its_level() -> None:
    pywin32 = SimulatedPywin32()
    log = Log(EventLog(pywin32.servicemanager), "info", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    log.info("agent started", version="1")
    log.warning("telemetry lost", run="x")
    log.alarm("spool unusable")
    log.debug("a detail")
    assert [level for level, _ in pywin32.events] == ["info", "warning", "error"]
    assert pywin32.events[0][1] == "2026-01-01T00:00:00Z info agent started version=1"


def test_an_event_is_bounded() -> None:
    pywin32 = SimulatedPywin32()
    EventLog(pywin32.servicemanager).write("x" * (MAX_EVENT + 1))
    assert len(pywin32.events[0][1]) == MAX_EVENT
