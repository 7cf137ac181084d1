"""The data keys of runs: one each, wrapped in the store, in the clear in memory only and only while it is needed."""

import threading
from collections import OrderedDict
from typing import Final

from openinspector.model.arn import RunArn
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.key_provider import KeyProvider
from openinspector.service.ports.telemetry_store import RunKey, TelemetryStore

MAX_CACHED: Final = 512
_MAX_DROPPED: Final = 100_000


class RunKeys:
    """Makes, unwraps and caches data keys, bound to the encryption context {account, run}."""

    def __init__(self, provider: KeyProvider, store: TelemetryStore, clock: Clock, account: str) -> None:
        self._provider = provider
        self._store = store
        self._clock = clock
        self._account = account
        self._lock = threading.Lock()
        self._cached: OrderedDict[RunArn, bytes] = OrderedDict()
        self._dropped: OrderedDict[RunArn, None] = OrderedDict()

    def make(self, run: RunArn) -> bytes | None:
        """Return the run's key, made if it never had one; None where it was deleted."""
        held = self.get(run)
        if held is not None:
            return held
        fresh = self._provider.generate(self._context(run))
        # Of two that come at once the store keeps one, and of a shredded run none: what it holds now is the key.
        self._store.add_run_key(RunKey(run_arn=run, wrapped=fresh.wrapped, created_at=self._clock.now()))
        return self.get(run)

    def get(self, run: RunArn) -> bytes | None:
        """Return the run's key, None where it has none (any more)."""
        with self._lock:
            if run in self._cached:
                self._cached.move_to_end(run)
                return self._cached[run]
        stored = self._store.run_key(run)
        if stored is None:
            return None
        plaintext = self._provider.unwrap(stored.wrapped, self._context(run))
        self._remember(run, plaintext)
        return plaintext

    def drop(self, run: RunArn) -> None:
        """Forget the key in the clear: the run has ended or was shredded. It is not cached again."""
        with self._lock:
            self._cached.pop(run, None)
            self._dropped[run] = None
            if len(self._dropped) > _MAX_DROPPED:
                self._dropped.popitem(last=False)

    def cached(self) -> int:
        """Return how many keys are in memory."""
        return len(self._cached)

    def _remember(self, run: RunArn, plaintext: bytes) -> None:
        with self._lock:
            # Whoever was unwrapping while the run was dropped must not bring the key back.
            if run in self._dropped:
                return
            self._cached[run] = plaintext
            if len(self._cached) > MAX_CACHED:
                self._cached.popitem(last=False)

    def _context(self, run: RunArn) -> dict[str, str]:
        return {"account": self._account, "run": run}
