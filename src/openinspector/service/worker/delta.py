"""Fetches the documents of a feed that changed since the last sync, where the publisher lists them: no archive."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from openinspector.feed import Delta, Feed, Source, Unparsed
from openinspector.formats.changes_csv import read_changes
from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.service.worker.expansion import expand
from openinspector.service.worker.feed_storing import Gathered
from openinspector.service.worker.fetch import Fetched, Fetcher, FetchError, Want
from openinspector.service.worker.gathering import READER, Progress

WHOLE: Final = "(whole)"
"""Name among a snapshot's validators that holds the day of the last complete sync."""
_OVERLAP: Final = timedelta(days=2)
"""Changes slightly older than the last sync are requested too: clocks differ, and lists appear late."""
_WHOLE_DAYS: Final = 7
"""After this many days everything is fetched again, in case a list of changes was incomplete."""
_MOST: Final = 5_000
"""Maximum number of changed documents that are fetched one by one; an archive is faster for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFeed:
    """A feed's snapshot and documents as stored."""

    snapshot: FeedSnapshot
    digests: Mapping[str, str]
    """SHA-256 of each document by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changes:
    changed: tuple[Source, ...]
    removed: tuple[str, ...]


def gather_delta(
    feed: Feed, fetcher: Fetcher, stored: StoredFeed, now: datetime, progress: Progress
) -> Gathered | None:
    """Return the documents that changed since the last sync; None if the feed must be fetched completely."""
    if feed.delta is None or not _is_recent(feed, stored, now):
        return None
    try:
        changes = _changes(feed.delta, fetcher, stored.snapshot.fetched_at - _OVERLAP)
    except FetchError:
        return None
    if len(changes.changed) > _MOST:
        return None
    had: list[tuple[Source, Fetched]] = []
    failed: list[Unparsed] = []
    for number, source in enumerate(changes.changed):
        progress(feed.name, number, len(changes.changed))
        try:
            want = Want(url=source.url, max_bytes=source.max_bytes, signature=source.signature)
            had.append((source, fetcher.fetch(want)))
        except FetchError as error:
            failed.append(Unparsed(document=source.name, entry="", reason=str(error)))
    removed = tuple(name for name in changes.removed if name in stored.digests)
    altered = {source.name: fetched.sha256 for source, fetched in had}
    altered = {name: digest for name, digest in altered.items() if stored.digests.get(name) != digest}
    dates = [fetched.modified for _, fetched in had if fetched.modified]
    return Gathered(
        documents=lambda: (document for source, fetched in had for document in expand(source, fetched.path)),
        fingerprint=_fingerprint(stored.snapshot.fingerprint, altered, removed),
        origin=stored.snapshot.origin,
        published_at=max(dates, default=stored.snapshot.published_at),
        validators=stored.snapshot.validators,
        unparsed=tuple(failed),
        reader=READER,
        transferred_bytes=sum(fetched.transferred_bytes for _, fetched in had),
        removed=removed,
    )


def _is_recent(feed: Feed, stored: StoredFeed, now: datetime) -> bool:
    snapshot = stored.snapshot
    try:
        whole = date.fromisoformat(snapshot.validators.get(WHOLE, ""))
    except ValueError:
        return False
    return (
        snapshot.origin == feed.roots[0].url
        and snapshot.fingerprint.startswith(READER)
        and bool(stored.digests)
        and timedelta() <= now.date() - whole < timedelta(days=_WHOLE_DAYS)
    )


def _changes(delta: Delta, fetcher: Fetcher, since: datetime) -> _Changes:
    changed = _read(fetcher, delta.changes)
    deleted = _read(fetcher, delta.deletions)
    base = delta.changes.url.rpartition("/")[0]
    newer = {path for path, time in changed.items() if time >= since and time >= deleted.get(path, time)}
    return _Changes(
        changed=tuple(
            Source(
                name=f"{delta.folder}/{path}",
                url=f"{base}/{path}",
                signature=f"{base}/{path}.asc" if delta.signed else "",
                optional=True,
            )
            for path in sorted(newer)
        ),
        removed=tuple(f"{delta.folder}/{path}" for path in deleted if path not in changed or path not in newer),
    )


def _read(fetcher: Fetcher, source: Source | None) -> Mapping[str, datetime]:
    if source is None:
        return {}
    return read_changes(fetcher.fetch(Want(url=source.url, max_bytes=source.max_bytes)).path.read_bytes())


def _fingerprint(before: str, altered: Mapping[str, str], removed: tuple[str, ...]) -> str:
    """Return the fingerprint of the stored documents with these changes; unchanged without changes."""
    if not altered and not removed:
        return before
    whole = hashlib.sha256(before.encode())
    for name, digest in sorted({**altered, **dict.fromkeys(removed, "")}.items()):
        whole.update(f"{name}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return f"{READER}{whole.hexdigest()}"
