"""Store what was gathered from a feed as one snapshot, unless nothing changed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from openinspector.feed import Document, Feed, Unparsed
from openinspector.model.advisory import Advisory
from openinspector.model.errors import FeedError
from openinspector.service.ports.advisory_store import AdvisoryStore, FeedSnapshot

MAX_UNPARSED = 10_000
"""Number of unparsed entries stored individually; the count in the snapshot includes all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The documents of one feed, fetched and ready to parse."""

    documents: Callable[[], Iterable[Document]]
    """Opens the documents; called only if the fingerprint is new."""
    fingerprint: str
    """SHA-256 of names and contents, and of the parser."""
    origin: str
    """Source of the documents, without passwords, and whether a signature was verified."""
    published_at: datetime | None = None
    validators: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unparsed: tuple[Unparsed, ...] = ()
    """Entries that exist but could not be fetched."""
    transferred_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOutcome:
    """Result of a sync."""

    snapshot: FeedSnapshot
    changed: bool
    """False if the publisher has nothing new; only the time was stored."""
    transferred_bytes: int


def store_gathered(feed: Feed, gathered: Gathered, store: AdvisoryStore, now: datetime) -> SyncOutcome:
    """Parse and store gathered documents; raise FeedError if they contain no readable advisory."""
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
            advice="The stored advisories did not change. Check that the source belongs to this feed.",
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
