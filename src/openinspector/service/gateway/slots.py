"""Slots: limits on concurrent work; requests above a limit are refused with a time to retry. Event loop only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from openinspector.service.app.refusal import RefusalCode, RefusedError

RETRY_AFTER_SECONDS: Final = 2


class Slots:
    """Limits concurrent work: by weight in total, and by number for each holder. Never waits.

    The last holder admitted may weigh more than what was free.
    """

    def __init__(self, limit: int, per_holder: int = 1) -> None:
        self._free = limit
        self._per_holder = per_holder
        self._held: dict[str, int] = {}

    @contextmanager
    def hold(self, holder: str, weight: int = 1) -> Iterator[None]:
        """Hold ``weight`` inside the context. Raise RefusedError if the holder is at its limit or nothing is free."""
        if self._held.get(holder, 0) >= self._per_holder:
            raise RefusedError(
                RefusalCode.THROTTLED,
                "this agent is already sending another upload",
                advice="Send one upload at a time.",
                retry_after=RETRY_AFTER_SECONDS,
            )
        if self._free <= 0:
            raise RefusedError(
                RefusalCode.BUSY,
                "the service is busy",
                advice="Keep the spool and retry later.",
                retry_after=RETRY_AFTER_SECONDS,
            )
        self._free -= weight
        self._held[holder] = self._held.get(holder, 0) + 1
        try:
            yield
        finally:
            self._free += weight
            self._held[holder] -= 1
            if not self._held[holder]:
                del self._held[holder]
