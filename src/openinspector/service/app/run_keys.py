"""Data keys of runs: one per run, wrapped in the store, in plaintext only in memory.

A plaintext key leaves memory when its run ends or is shredded, on any node (`RunKeys.follow`), and after `FRESH`: the
next use asks the store again.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from openinspector.model.arn import RunArn
from openinspector.service.ports.change_store import Change, ChangeKind
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.key_provider import KeyProvider
from openinspector.service.ports.telemetry_store import RunKey, TelemetryStore

MAX_CACHED: Final = 512
FRESH: Final = timedelta(minutes=5)
"""A key stays in memory for this long at most; the next use unwraps it again."""
_MAX_DROPPED: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _CachedKey:
    plaintext: bytes = field(repr=False)
    unwrapped_at: datetime


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

        A key that another node deleted is returned until its change arrives, or the next `sweep` after `FRESH`.
        """
        with self._lock:
            cached = self._cached.get(run)
            if cached is not None:
                self._cached.move_to_end(run)
                return cached.plaintext
        stored = self._store.run_key(run)
        if stored is None:
            return None
        plaintext = self._provider.unwrap(stored.wrapped, self._context(run))
        self._remember(run, _CachedKey(plaintext=plaintext, unwrapped_at=self._clock.now()))
        return plaintext

    def drop(self, run: RunArn) -> None:
        """Remove a plaintext key from memory: the run ended or was shredded. It is not cached again."""
        with self._lock:
            self._cached.pop(run, None)
            self._dropped[run] = None
            if len(self._dropped) > _MAX_DROPPED:
                self._dropped.popitem(last=False)

    def follow(self, changes: Sequence[Change]) -> None:
        """Remove the keys of runs that ended or were shredded on any node."""
        for change in changes:
            if change.kind in (ChangeKind.RUN_ENDED, ChangeKind.RUN_SHREDDED):
                self.drop(RunArn(change.subject))

    def sweep(self) -> int:
        """Remove plaintext keys that were unwrapped longer than `FRESH` ago; return their number."""
        before = self._clock.now() - FRESH
        with self._lock:
            old = [run for run, key in self._cached.items() if key.unwrapped_at < before]
            for run in old:
                del self._cached[run]
        return len(old)

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
