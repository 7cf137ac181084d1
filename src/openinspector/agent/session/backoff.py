"""Backoff: how long to leave the gateway alone after a failure, with jitter so that a fleet does not come as one."""

from typing import Final

from openinspector.agent.session.event import ClockReading

FIRST_SECONDS: Final = 1.0
MAX_SECONDS: Final = 120.0
RETRY_AFTER_JITTER: Final = 0.1
_MAX_DOUBLINGS: Final = 7


class Backoff:
    """Doubles from a second to two minutes, each time between half and all of it."""

    def __init__(self) -> None:
        self.failures = 0
        self.until = 0.0
        """Monotonic seconds."""
        self.throttled = False
        """Whether the last refusal asked to come back later."""

    def is_over(self, monotonic: float) -> bool:
        """Say whether it is time to try again."""
        return monotonic >= self.until

    def fail(self, reading: ClockReading, retry_after: float | None = None, *, throttled: bool = False) -> None:
        """Note a failure; waits ``retry_after`` seconds or longer where the gateway asked for it."""
        self.failures += 1
        self.throttled = throttled
        delay = min(MAX_SECONDS, FIRST_SECONDS * 2 ** min(self.failures - 1, _MAX_DOUBLINGS))
        delay *= 0.5 + reading.random / 2
        if retry_after is not None:
            delay = max(delay, retry_after * (1 + RETRY_AFTER_JITTER * reading.random))
        self.until = reading.monotonic + delay

    def succeed(self) -> None:
        """Forget the failures."""
        self.failures = 0
        self.until = 0.0
        self.throttled = False
