"""The advisory feeds and their age, as users see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from openinspector.feed import Feed
from openinspector.service.ports.advisory_store import AdvisoryStore, FeedSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """A feed and its stored snapshot."""

    feed: Feed
    snapshot: FeedSnapshot | None
    """None if it was never synced."""
    bytes: int = 0
    """Size of its statements in the store."""

    def age(self, now: datetime) -> timedelta | None:
        """Return the age of the advisories since the publisher's date or, if earlier, since they were had whole."""
        if self.snapshot is None:
            return None
        return now - min(self.snapshot.published_at or self.snapshot.fetched_at, self.snapshot.fetched_at)


def feed_statuses(feeds: Mapping[str, Feed], store: AdvisoryStore) -> Sequence[FeedStatus]:
    """Return every feed with its stored snapshot, by name."""
    snapshots = {snapshot.feed: snapshot for snapshot in store.snapshots()}
    sizes = store.sizes()
    return tuple(
        FeedStatus(feed=feed, snapshot=snapshots.get(name), bytes=sizes.get(name, 0))
        for name, feed in sorted(feeds.items())
    )
