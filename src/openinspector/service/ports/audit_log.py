"""Log of API calls, by day."""

from datetime import datetime
from typing import Protocol


class AuditLog(Protocol):
    """Appends lines; nothing is rewritten."""

    def append(self, at: datetime, line: bytes) -> None:
        """Append one line, without line end, to the day of ``at`` (UTC); StoreError."""
        ...

    def forget(self, before: datetime) -> int:
        """Delete the days that ended before a time; return the number deleted. StoreError."""
        ...
