"""Advisories come in: what was gathered of a feed is parsed and stored as one snapshot, unless nothing changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from openinspector.feed import Document, Feed, Unparsed
from openinspector.model.advisory import Advisory
from openinspector.model.errors import FeedError
from openinspector.service.ports.advisory_store import AdvisoryStore, FeedSnapshot

MAX_UNPARSED = 10_000
"""How many unparsed entries are kept one by one; the count in the snapshot is always whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The documents of one feed, fetched and ready to parse."""

    documents: Callable[[], Iterable[Document]]
    """Opens them; called only if the fingerprint is new."""
    fingerprint: str
    """SHA-256 over names and contents, and over what parses them."""
    origin: str
    """Where they came from, without passwords, and whether a signature was verified."""
    published_at: datetime | None = None
    validators: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unparsed: tuple[Unparsed, ...] = ()
    """What could not be had, though it exists."""
    transferred_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOutcome:
    """What a sync did."""

    snapshot: FeedSnapshot
    changed: bool
    """False: the publisher has nothing new, and nothing was stored but the time."""
    transferred_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """A feed and what is stored of it."""

    feed: Feed
    snapshot: FeedSnapshot | None
    """None: never synced."""

    def age(self, now: datetime) -> timedelta | None:
        """Return how old the statements are: since the publisher's date, or since they were fetched."""
        if self.snapshot is None:
            return None
        return now - (self.snapshot.published_at or self.snapshot.fetched_at)


def store_gathered(feed: Feed, gathered: Gathered, store: AdvisoryStore, now: datetime) -> SyncOutcome:
    """Store what was gathered; raises FeedError where not one advisory could be read of it."""
    known = next((snapshot for snapshot in store.snapshots() if snapshot.feed == feed.name), None)
    if known is not None and (known.fingerprint, known.origin) == (gathered.fingerprint, gathered.origin):
        store.touch(feed.name, now)
        return SyncOutcome(snapshot=known, changed=False, transferred_bytes=gathered.transferred_bytes)
    advisories: list[Advisory] = []
    unparsed = list(gathered.unparsed)
    for statement in feed.parse(gathered.documents()):
        if isinstance(statement, Unparsed):
            unparsed.append(statement)
        else:
            advisories.append(statement)
    if not advisories:
        reason = f": {unparsed[0].document}: {unparsed[0].reason}" if unparsed else ""
        raise FeedError(
            f"{feed.title}: not one advisory in {gathered.origin}{reason}",
            advice="What is stored stays as it was. Check that the source is this feed's.",
        )
    snapshot = FeedSnapshot(
        feed=feed.name,
        fingerprint=gathered.fingerprint,
        origin=gathered.origin,
        fetched_at=now,
        published_at=gathered.published_at,
        advisories=len(advisories),
        unparsed=len(unparsed),
        validators=gathered.validators,
    )
    store.replace(snapshot, advisories, unparsed[:MAX_UNPARSED])
    return SyncOutcome(snapshot=snapshot, changed=True, transferred_bytes=gathered.transferred_bytes)


def feed_statuses(feeds: Mapping[str, Feed], store: AdvisoryStore) -> Sequence[FeedStatus]:
    """Return every feed with what is stored of it, by name."""
    snapshots = {snapshot.feed: snapshot for snapshot in store.snapshots()}
    return tuple(FeedStatus(feed=feed, snapshot=snapshots.get(name)) for name, feed in sorted(feeds.items()))
