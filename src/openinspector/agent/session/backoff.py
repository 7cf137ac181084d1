"""Backoff: how long to wait after a failure. Jitter spreads the retries of a fleet."""

from typing import Final

from openinspector.agent.session.event import ClockReading

FIRST_SECONDS: Final = 1.0
MAX_SECONDS: Final = 120.0
RETRY_AFTER_JITTER: Final = 0.1
_MAX_DOUBLINGS: Final = 7


class Backoff:
    """Doubles from one second to a limit. Each delay is between half of that and all of it."""

    def __init__(self) -> None:
        self.failures = 0
        self.until = 0.0
        """When to try again, in monotonic seconds."""
        self.throttled = False
        """True if the last failure was a throttled request."""

    def is_over(self, monotonic: float) -> bool:
        """Return True if it is time to try again."""
        return monotonic >= self.until

    def fail(
        self,
        reading: ClockReading,
        retry_after: float | None = None,
        *,
        throttled: bool = False,
        limit: float = MAX_SECONDS,
    ) -> None:
        """Count a failure. Wait at most ``limit`` seconds, or at least ``retry_after`` if the gateway asked for it."""
        self.failures += 1
        self.throttled = throttled
        delay = min(MAX_SECONDS, limit, FIRST_SECONDS * 2 ** min(self.failures - 1, _MAX_DOUBLINGS))
        delay *= 0.5 + reading.random / 2
        if retry_after is not None:
            delay = max(delay, retry_after * (1 + RETRY_AFTER_JITTER * reading.random))
        self.until = reading.monotonic + delay

    def succeed(self) -> None:
        """Reset after a success."""
        self.failures = 0
        self.until = 0.0
        self.throttled = False
