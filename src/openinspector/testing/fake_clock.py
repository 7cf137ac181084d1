"""A clock that changes only on request."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakeClock:
    """Returns the same time until `advance`."""

    def __init__(self, now: datetime = EPOCH) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the current time of the clock."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self._now += timedelta(seconds=seconds)
