"""Notifies the parts of a node of changes anywhere in the installation.

A notification wakes it at once. A lost notification costs `FALLBACK_SECONDS`.
"""

from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Final

import structlog

from openinspector.model.errors import OpenInspectorError
from openinspector.service.ports.change_store import Change, ChangeStore

FALLBACK_SECONDS: Final = 5.0
STALE_SECONDS: Final = 15.0
"""A node that has not read the changes for this long refuses agents: one of them may be revoked."""
_SLICE_SECONDS: Final = 0.5
_log = structlog.get_logger()


class StaleChangesError(OpenInspectorError):
    """This node has not read the latest changes."""


class ChangeWatch:
    """A thread that reads new changes and gives them to ``followers``, which may see a change twice."""

    def __init__(
        self,
        changes: ChangeStore,
        followers: Sequence[Callable[[Sequence[Change]], None]],
        monotonic: Callable[[], float],
    ) -> None:
        self._changes = changes
        self._followers = tuple(followers)
        self._monotonic = monotonic
        self._last = 0
        self._read_at = 0.0
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="changes", daemon=True)

    def start(self) -> None:
        """Begin with the changes from now on; StoreError."""
        self._last = self._changes.last()
        self._read_at = self._monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopping.set()
        self._thread.join()

    def is_stale(self) -> bool:
        """Return True if the changes were not read for `STALE_SECONDS`."""
        return self._monotonic() - self._read_at > STALE_SECONDS

    def check(self) -> None:
        """Raise StaleChangesError if the changes were not read for `STALE_SECONDS`."""
        if self.is_stale():
            raise StaleChangesError(f"changes were not read for {STALE_SECONDS:.0f} seconds")

    def turn(self) -> None:
        """Read new changes and give them to the followers; StoreError: all of them come again."""
        asked_at = self._monotonic()
        found = self._changes.since(self._last)
        if found:
            for follow in self._followers:
                follow(found)
            self._last = found[-1].seq
        self._read_at = asked_at

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                woken = self._changes.wait(_SLICE_SECONDS)
                if woken or self._monotonic() - self._read_at >= FALLBACK_SECONDS:
                    self.turn()
            except Exception:  # noqa: BLE001 - the next turn tries again; meanwhile `is_stale` becomes True
                _log.exception("changes not read")
                self._stopping.wait(_SLICE_SECONDS)
