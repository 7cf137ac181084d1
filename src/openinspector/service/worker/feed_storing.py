"""Parse and store the changed documents of a gathered feed."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from openinspector.feed import Document, Feed, Parsed, Unparsed
from openinspector.model.advisory import Advisory, Vulnerability
from openinspector.model.errors import FeedError
from openinspector.service.ports.advisory_store import AdvisoryStore, Changes, FeedSnapshot, StoredDocument

NOT_FETCHED: Final = "(not fetched)"
"""Name of the entry that counts the documents which could not be fetched."""
REFUSED: Final = "(refused)"
"""Prefix of the name of an entry that counts a refused document, whose earlier statements are kept."""


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
    reader: str = ""
    """Version of the parser in the fingerprint: a new version parses all documents again."""
    transferred_bytes: int = 0
    removed: tuple[str, ...] | None = None
    """Names of deleted documents if only changes were gathered; None: all other documents are deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOutcome:
    """Result of a sync."""

    snapshot: FeedSnapshot
    changed: bool
    """False if the publisher has nothing new; only the time was stored."""
    transferred_bytes: int


def store_gathered(feed: Feed, gathered: Gathered, store: AdvisoryStore, now: datetime) -> SyncOutcome:
    """Parse and store gathered documents; raise FeedError if they contain no readable statement."""
    known = next((snapshot for snapshot in store.snapshots() if snapshot.feed == feed.name), None)
    kept = _kept(known, gathered, store)
    if known is not None and (known.fingerprint, known.origin) == (gathered.fingerprint, gathered.origin):
        if not kept:
            store.touch(feed.name, now)
        return SyncOutcome(snapshot=known, changed=False, transferred_bytes=gathered.transferred_bytes)
    digests = store.documents(feed.name) if feed.by_document and known is not None else {}
    # Another version of this program may read the same documents differently.
    again = known is not None and known.origin == gathered.origin and digests and gathered.reader in known.fingerprint
    changes = _changed(feed, gathered, digests) if again else _everything(feed, gathered)
    if _is_empty(changes, digests):
        raise _nothing(feed, gathered, changes.documents)
    refused = any(document.name.startswith(REFUSED) for document in changes.documents)
    snapshot = FeedSnapshot(
        feed=feed.name,
        # a refused document is looked at again the next time
        fingerprint=gathered.fingerprint + (f" {REFUSED}" if refused else ""),
        origin=gathered.origin,
        # what stays of before makes the feed as old as it was
        fetched_at=known.fetched_at if known is not None and (kept or refused) else now,
        published_at=gathered.published_at,
        advisories=0,
        unparsed=0,
        validators={**kept, **gathered.validators},
    )
    stored = store.change(snapshot, changes)
    return SyncOutcome(snapshot=stored, changed=True, transferred_bytes=gathered.transferred_bytes)


def _kept(known: FeedSnapshot | None, gathered: Gathered, store: AdvisoryStore) -> Mapping[str, str]:
    """Return stored documents that could not be fetched now, with their validators."""
    failed = {entry.document for entry in gathered.unparsed if not entry.entry}
    if known is None or known.origin != gathered.origin or not failed:
        return {}
    had = dict.fromkeys(store.documents(known.feed), "") | dict(known.validators)
    return {name: validator for name, validator in had.items() if name in failed}


def _is_empty(changes: Changes, digests: Mapping[str, str]) -> bool:
    """Return True if neither the fetched documents nor unchanged stored ones state anything."""
    documents = tuple(changes.documents)
    unchanged = digests.keys() - {document.name for document in documents} - set(changes.removed)
    refused = any(document.name.startswith(REFUSED) for document in documents)
    stated = any(document.advisories or document.vulnerabilities for document in documents)
    return not stated and (changes.whole or not (unchanged or refused))


def _everything(feed: Feed, gathered: Gathered) -> Changes:
    """Return everything of a feed: by document if they are independent, else as one."""
    if not feed.by_document:
        document = _stored("", "", feed.parse(gathered.documents()))
        document = replace(document, unparsed=(*gathered.unparsed, *document.unparsed))
        return Changes(documents=(document,), whole=True, kept_streams=bool(gathered.unparsed))
    documents = [_parsed(feed, document, _digest(document)) for document in gathered.documents()]
    return Changes(documents=(*_not_had(gathered), *documents), whole=True, kept_streams=bool(gathered.unparsed))


def _changed(feed: Feed, gathered: Gathered, digests: Mapping[str, str]) -> Changes:
    """Return new and changed documents; a refused one keeps its earlier statements.

    Deleted documents are removed only if every fetch succeeded.
    """
    documents: list[StoredDocument] = [*_not_had(gathered)]
    seen: set[str] = set()
    for document in gathered.documents():
        name, digest = document.source.name, _digest(document)
        seen.add(name)
        if digests.get(name) == digest:
            continue
        parsed = _parsed(feed, document, digest)
        refused = any(not entry.entry for entry in parsed.unparsed) and not parsed.advisories
        if refused and name in digests:
            documents.append(StoredDocument(name=f"{REFUSED} {name}", unparsed=parsed.unparsed))
        else:
            documents.append(parsed)
    accepted = {document.name for document in documents}
    removed = {f"{REFUSED} {name}" for name in accepted}
    if gathered.removed is not None:
        removed |= set(gathered.removed)
    elif not gathered.unparsed:
        removed |= {name for name in digests if name not in seen}
    return Changes(documents=documents, removed=removed)


def _not_had(gathered: Gathered) -> tuple[StoredDocument, ...]:
    """Return the entry that counts failed fetches; it replaces that of the previous sync."""
    return (StoredDocument(name=NOT_FETCHED, unparsed=gathered.unparsed),)


def _parsed(feed: Feed, document: Document, digest: str) -> StoredDocument:
    return _stored(document.source.name, digest, feed.parse((document,)))


def _stored(name: str, digest: str, found: Iterable[Parsed]) -> StoredDocument:
    advisories: list[Advisory] = []
    vulnerabilities: list[Vulnerability] = []
    unparsed: list[Unparsed] = []
    for one in found:
        match one:
            case Advisory():
                advisories.append(one)
            case Vulnerability():
                vulnerabilities.append(one)
            case Unparsed():
                unparsed.append(one)
    return StoredDocument(
        name=name,
        digest=digest,
        advisories=tuple(advisories),
        vulnerabilities=tuple(vulnerabilities),
        unparsed=tuple(unparsed),
    )


def _digest(document: Document) -> str:
    return hashlib.sha256(document.content).hexdigest()


def _nothing(feed: Feed, gathered: Gathered, documents: Iterable[StoredDocument]) -> FeedError:
    unparsed = [entry for document in documents for entry in document.unparsed]
    reason = f": {unparsed[0].document}: {unparsed[0].reason}" if unparsed else ""
    return FeedError(
        f"{feed.title}: not one advisory in {gathered.origin}{reason}",
        advice="The stored advisories did not change. Check that the source belongs to this feed.",
    )
