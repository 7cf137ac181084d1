"""Keeps feeds up to date that a site has synced once, while the service runs."""

from datetime import timedelta
from threading import Event

import structlog

from openinspector.model.errors import FeedError
from openinspector.service.worker.feed_sync import FeedSync

_log = structlog.get_logger()


class FeedSchedule:
    """Syncs each feed again from its previous origin once it is older than ``every``.

    A feed that fails keeps its last good data and its age, and is tried again at the next turn.
    """

    def __init__(self, sync: FeedSync, every: timedelta) -> None:
        self._sync = sync
        self._every = every
        self._stopping = Event()

    def sync_due(self) -> None:
        """Sync every feed that is due, the oldest first."""
        now, requests = self._sync.clock.now(), self._sync.requests_as_before()
        for snapshot in sorted(self._sync.store.snapshots(), key=lambda snapshot: snapshot.fetched_at):
            request = requests.get(snapshot.feed)
            if request is None or now - snapshot.fetched_at < self._every or self._stopping.is_set():
                continue
            try:
                self._sync.sync(snapshot.feed, request, self._progress)
            except FeedError as error:
                _log.warning("feed_sync failed", feed=snapshot.feed, reason=str(error), fetched_at=snapshot.fetched_at)

    def stop(self) -> None:
        """Cancel the sync in progress at its next document; nothing of it is stored."""
        self._stopping.set()

    def _progress(self, _what: str, _done: int, _total: int) -> None:
        if self._stopping.is_set():
            raise FeedError("the service is stopping")
