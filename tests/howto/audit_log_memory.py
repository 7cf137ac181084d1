"""An audit log in memory: it is lost with the process."""

from collections import defaultdict
from datetime import UTC, datetime


class MemoryAuditLog:
    """Keeps lines by day; meets the port `AuditLog`."""

    def __init__(self) -> None:
        self.days: dict[str, list[bytes]] = defaultdict(list)

    def append(self, at: datetime, line: bytes) -> None:
        """Add a line to the day of ``at``."""
        self.days[_day(at)].append(line)

    def forget(self, before: datetime) -> int:
        """Delete the days before that of ``before`` and return the number of days deleted."""
        old = [day for day in self.days if day < _day(before)]
        for day in old:
            del self.days[day]
        return len(old)


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
