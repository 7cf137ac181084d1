"""The audit log's simulator: the whole port, in memory."""

from collections import defaultdict
from datetime import UTC, date, datetime


class MemoryAuditLog:
    """Stores lines by their day as long as it lives."""

    def __init__(self) -> None:
        self.days: dict[date, list[bytes]] = defaultdict(list)

    def append(self, at: datetime, line: bytes) -> None:
        """Add one line, without its end, to the day of ``at`` (UTC)."""
        self.days[at.astimezone(UTC).date()].append(line)

    def forget(self, before: datetime) -> int:
        """Delete the days that ended before a moment; return the number deleted."""
        old = [day for day in self.days if day < before.astimezone(UTC).date()]
        for day in old:
            del self.days[day]
        return len(old)

    def lines(self) -> list[bytes]:
        """Return everything, day by day."""
        return [line for day in sorted(self.days) for line in self.days[day]]
