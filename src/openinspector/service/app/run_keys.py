"""Data keys of runs: one per run, wrapped in the store, in plaintext only in memory.

A plaintext key leaves memory when its run ends or is shredded in this process. `RunKeys.sweep` removes the others: keys
that another process shredded, and keys that were not used for `IDLE`.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from openinspector.model.arn import RunArn
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.key_provider import KeyProvider
from openinspector.service.ports.telemetry_store import RunKey, TelemetryStore

MAX_CACHED: Final = 512
IDLE: Final = timedelta(minutes=10)
"""A key that was not used for this long leaves memory; the next use unwraps it again."""
_MAX_DROPPED: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _CachedKey:
    plaintext: bytes = field(repr=False)
    used_at: datetime


class RunKeys:
    """Creates, unwraps and caches data keys, bound to the encryption context {account, run}."""

    def __init__(self, provider: KeyProvider, store: TelemetryStore, clock: Clock, account: str) -> None:
        self._provider = provider
        self._store = store
        self._clock = clock
        self._account = account
        self._lock = threading.Lock()
        self._cached: OrderedDict[RunArn, _CachedKey] = OrderedDict()
        self._dropped: OrderedDict[RunArn, None] = OrderedDict()

    def make(self, run: RunArn) -> bytes | None:
        """Return the run's key, created if it never had one; None if it was deleted."""
        held = self.get(run)
        if held is not None:
            return held
        fresh = self._provider.generate(self._context(run))
        # The store keeps one of two concurrent keys, and none for a shredded run: its content decides.
        self._store.add_run_key(RunKey(run_arn=run, wrapped=fresh.wrapped, created_at=self._clock.now()))
        return self.get(run)

    def get(self, run: RunArn) -> bytes | None:
        """Return the run's key; None if it never had one or it was deleted.

        A key that another process deleted is returned until the next `sweep`.
        """
        now = self._clock.now()
        with self._lock:
            cached = self._cached.get(run)
            if cached is not None:
                self._cached[run] = _CachedKey(plaintext=cached.plaintext, used_at=now)
                self._cached.move_to_end(run)
                return cached.plaintext
        stored = self._store.run_key(run)
        if stored is None:
            return None
        plaintext = self._provider.unwrap(stored.wrapped, self._context(run))
        self._remember(run, _CachedKey(plaintext=plaintext, used_at=now))
        return plaintext

    def drop(self, run: RunArn) -> None:
        """Remove a plaintext key from memory: the run ended or was shredded. It is not cached again."""
        with self._lock:
            self._cached.pop(run, None)
            self._dropped[run] = None
            if len(self._dropped) > _MAX_DROPPED:
                self._dropped.popitem(last=False)

    def sweep(self) -> int:
        """Remove plaintext keys that were deleted from the store or are idle; return their number."""
        idle_before = self._clock.now() - IDLE
        with self._lock:
            cached = dict(self._cached)
        # Ask the store without the lock: uploads go on meanwhile.
        deleted = {run for run in cached if self._store.run_key(run) is None}
        for run in deleted:
            self.drop(run)
        with self._lock:
            idle = [run for run, key in self._cached.items() if key.used_at < idle_before]
            for run in idle:
                del self._cached[run]
        return len(deleted) + len(idle)

    def cached(self) -> int:
        """Return the number of keys in memory."""
        return len(self._cached)

    def _remember(self, run: RunArn, key: _CachedKey) -> None:
        with self._lock:
            # The run may have been dropped while its key was unwrapped.
            if run in self._dropped:
                return
            self._cached[run] = key
            if len(self._cached) > MAX_CACHED:
                self._cached.popitem(last=False)

    def _context(self, run: RunArn) -> dict[str, str]:
        return run_key_context(self._account, run)


def run_key_context(account: str, run: RunArn) -> dict[str, str]:
    """Return the encryption context of a run's data key."""
    return {"account": account, "run": run}
