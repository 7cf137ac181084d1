"""A clock that stands until it is moved."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakeClock:
    """Shows the same time until `advance`."""

    def __init__(self, now: datetime = EPOCH) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time set."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._now += timedelta(seconds=seconds)
