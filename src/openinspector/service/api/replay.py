"""Replay protection: a signature is accepted for a few seconds after its first use, then refused (ADR 42).

Anybody who observes a host or reads a log of requests must not be able to replay one. Two equal requests within one
second have the same signature, because the date has a resolution of one second, and clients retry after network errors.
A signature therefore stays valid for `REPEATABLE` after it was first seen. Honest clients sign later requests again.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from openinspector.service.api.errors import ApiError
from openinspector.service.api.sigv4 import WINDOW, Claim

REPEATABLE: Final = timedelta(seconds=5)
MAX_REMEMBERED: Final = 1_000_000
"""Most signatures in memory, about 100 bytes each: half an hour at 500 requests a second."""
_KEY_DIGITS: Final = 16
"""Hexadecimal digits of a signature that identify it: 64 bits."""


class SeenSignatures:
    """The signatures of verified requests that could still be replayed. Thread-safe."""

    def __init__(self, limit: int = MAX_REMEMBERED) -> None:
        self._limit = limit
        self._lock = Lock()
        self._seen: OrderedDict[int, datetime] = OrderedDict()
        """Beginning of a signature → when it was first seen; oldest first."""

    def __len__(self) -> int:
        return len(self._seen)

    def check(self, claim: Claim, now: datetime) -> None:
        """Record a verified request; raises InvalidSignatureException if it was replayed."""
        key = int(claim.signature[:_KEY_DIGITS], 16)
        with self._lock:
            first = self._seen.setdefault(key, now)
            # A date may be WINDOW ahead of our clock, and is valid for WINDOW after it.
            while self._seen and (len(self._seen) > self._limit or self._oldest() < now - 2 * WINDOW):
                self._seen.popitem(last=False)
        if now - first > REPEATABLE:
            raise ApiError("InvalidSignatureException", "This request was made before; sign it again to repeat it.")

    def _oldest(self) -> datetime:
        return next(iter(self._seen.values()))
