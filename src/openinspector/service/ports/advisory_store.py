"""Store of the statements of each feed: whole snapshots, or the changed documents of one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from openinspector.feed import Unparsed
from openinspector.model.advisory import Advisory, Vulnerability


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSnapshot:
    """The stored state of one feed."""

    feed: str
    fingerprint: str
    """SHA-256 over the fetched documents: equal fingerprints mean equal statements."""
    origin: str
    """Where the documents came from: a URL or a folder."""
    fetched_at: datetime
    """When the feed was last fetched completely. A document that could not be fetched, or was refused, keeps the
    earlier time."""
    published_at: datetime | None
    """Publication date; None if the publisher states none."""
    advisories: int
    unparsed: int
    validators: Mapping[str, str]
    """Name of each fetched document, with its HTTP validator (ETag or Last-Modified) if it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """One document of a feed, parsed."""

    name: str
    digest: str = ""
    """SHA-256 of its content; empty if the feed is parsed whole."""
    advisories: tuple[Advisory, ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Result of a sync: new and changed documents, and the names of removed ones."""

    documents: Iterable[StoredDocument]
    removed: Collection[str] = ()
    whole: bool = False
    """True if the documents are the whole feed: everything else stored of the feed is deleted."""
    kept_streams: bool = False
    """With ``whole``: streams that no document mentions stay unchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDump:
    """Everything stored of one feed, in the store's format: only a store of the same version can load it."""

    snapshot: FeedSnapshot
    unparsed: tuple[Unparsed, ...]
    streams: Mapping[str, bytes]
    years: Mapping[str, bytes]
    documents: bytes


class AdvisoryReader(Protocol):
    """Reads the parts of the stored feeds that an evaluation needs."""

    def fingerprints(self) -> Mapping[str, str]:
        """Return the fingerprint of each feed's stored state."""
        ...

    def days(self) -> Mapping[str, str]:
        """Return the day (ISO 8601, UTC) on which each feed was last fetched completely."""
        ...

    def advisories(self, streams: Sequence[str]) -> Sequence[Advisory]:
        """Return the advisories that mention any of ``streams``, by feed and id.

        They contain only the fixes and statuses of these streams.
        """
        ...

    def vulnerabilities(self, identities: Collection[str]) -> Mapping[str, Vulnerability]:
        """Return these CVEs as all feeds together describe them; a CVE that no feed knows is absent."""
        ...

    def streams(self) -> Sequence[str]:
        """Return every stream that an advisory mentions, sorted."""
        ...


class AdvisoryStore(AdvisoryReader, Protocol):
    """Stores the statements of feeds; each change is one transaction."""

    def change(self, snapshot: FeedSnapshot, changes: Changes) -> FeedSnapshot:
        """Store changes of the snapshot's feed, and the snapshot with the resulting totals."""
        ...

    def replace(self, snapshot: FeedSnapshot, advisories: Iterable[Advisory], unparsed: Sequence[Unparsed]) -> None:
        """Replace everything stored of the snapshot's feed by the statements of one document."""
        ...

    def documents(self, feed: str) -> Mapping[str, str]:
        """Return the digests of a feed's documents by name; empty for a feed that is parsed whole."""
        ...

    def snapshots(self) -> Sequence[FeedSnapshot]:
        """Return all snapshots, by feed."""
        ...

    def touch(self, feed: str, fetched_at: datetime) -> None:
        """Note that a feed was found unchanged."""
        ...

    def sizes(self) -> Mapping[str, int]:
        """Return the size in bytes of each feed's stored statements."""
        ...

    def dump(self, feed: str) -> FeedDump:
        """Return everything stored of a feed; StoreError if nothing is stored."""
        ...

    def load(self, dump: FeedDump) -> None:
        """Replace everything stored of the dump's feed; StoreError if the dump has another version."""
        ...

    def unparsed(self, feed: str) -> Sequence[Unparsed]:
        """Return the entries of a feed that could not be parsed: all of them, or the first ones (at least 1,000)."""
        ...
