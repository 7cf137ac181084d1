"""Contract tests for every audit log. Subclass; give the fixtures ``log``, empty, and ``days``, which reads it back."""

from collections.abc import Callable, Mapping
from datetime import timedelta, timezone
from functools import partial

from openinspector.service.ports.audit_log import AuditLog
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.model_builders import START

Days = Callable[[], Mapping[str, list[bytes]]]
"""Returns what is kept: ISO date to lines."""


class AuditLogSuite:
    """The contract of `AuditLog`."""

    def test_lines_are_kept_in_order_day_by_day(self, log: AuditLog, days: Days) -> None:
        """Days are in UTC, whatever the time zone of the time given."""
        east = timezone(timedelta(hours=14))
        for number, at in enumerate((START, START.astimezone(east), START + timedelta(days=1))):
            log.append(at, f"line {number}".encode())
        first, second = START.date().isoformat(), (START + timedelta(days=1)).date().isoformat()
        assert days() == {first: [b"line 0", b"line 1"], second: [b"line 2"]}

    def test_whole_days_are_deleted(self, log: AuditLog, days: Days) -> None:
        """The day of the given time is kept, and lines can be added again afterwards."""
        for number in range(5):
            log.append(START + timedelta(days=number), b"line")
        assert log.forget(START + timedelta(days=3)) == 3  # noqa: PLR2004 - days 0, 1 and 2
        kept = [(START + timedelta(days=number)).date().isoformat() for number in (3, 4)]
        assert sorted(days()) == kept
        log.append(START + timedelta(days=4), b"more")
        assert days()[kept[1]] == [b"line", b"more"]

    def test_concurrent_lines_are_complete(self, log: AuditLog, days: Days) -> None:
        lines = [bytes([65 + number]) * 5000 for number in range(16)]
        at_once([partial(log.append, START, line) for line in lines])
        (found,) = days().values()
        assert sorted(found) == lines
