"""Where it is written down who called what, a file a day or whatever a backend has."""

from datetime import datetime
from typing import Protocol


class AuditLog(Protocol):
    """Keeps lines for good, in the order they come in."""

    def append(self, at: datetime, line: bytes) -> None:
        """Add one line, without its end, to the day of ``at`` (UTC); StoreError."""
        ...

    def forget(self, before: datetime) -> int:
        """Delete the days that ended before a moment; says how many. StoreError."""
        ...
