"""Where the statements of each feed are kept: whole snapshots, or the changed documents of one."""

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
    """SHA-256 over the fetched documents: the same fingerprint, the same statements."""
    origin: str
    """Where the documents came from: a URL or a folder."""
    fetched_at: datetime
    """When the feed was last had whole: a document that could not be had, or was refused, keeps the time of before."""
    published_at: datetime | None
    """The publication date; None if the publisher states none."""
    advisories: int
    unparsed: int
    validators: Mapping[str, str]
    """Each document that was had, by name, with its HTTP validator (ETag or Last-Modified) if it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """One document of a feed, parsed."""

    name: str
    digest: str = ""
    """Of its content; empty if the feed is parsed whole."""
    advisories: tuple[Advisory, ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Result of a sync: documents that are new or differ, and names of those that are gone."""

    documents: Iterable[StoredDocument]
    removed: Collection[str] = ()
    whole: bool = False
    """Whether the documents are everything the feed has; whatever else was stored of it goes."""
    kept_streams: bool = False
    """With ``whole``: streams that no document states anything of stay as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDump:
    """Everything stored of one feed, as the store keeps it: read again by a store of the same version only."""

    snapshot: FeedSnapshot
    unparsed: tuple[Unparsed, ...]
    streams: Mapping[str, bytes]
    years: Mapping[str, bytes]
    documents: bytes


class AdvisoryReader(Protocol):
    """Reads what an evaluation needs of the stored feeds."""

    def fingerprints(self) -> Mapping[str, str]:
        """Return the fingerprint of each feed's stored state."""
        ...

    def days(self) -> Mapping[str, str]:
        """Return the ISO 8601 day (UTC) on which each feed was last had whole."""
        ...

    def advisories(self, streams: Sequence[str]) -> Sequence[Advisory]:
        """Return the advisories that state anything of ``streams``, by feed and id.

        Their fixes and statuses are those of these streams, by stream.
        """
        ...

    def vulnerabilities(self, identities: Collection[str]) -> Mapping[str, Vulnerability]:
        """Return what all feeds together say of these CVEs; absent where none of them knows one."""
        ...

    def streams(self) -> Sequence[str]:
        """Return every stream that some advisory states anything of, sorted."""
        ...


class AdvisoryStore(AdvisoryReader, Protocol):
    """Keeps what feeds state; each change is one transaction."""

    def change(self, snapshot: FeedSnapshot, changes: Changes) -> FeedSnapshot:
        """Store changes of the snapshot's feed, and the snapshot with the counts of all that is then stored."""
        ...

    def replace(self, snapshot: FeedSnapshot, advisories: Iterable[Advisory], unparsed: Sequence[Unparsed]) -> None:
        """Replace everything stored of the snapshot's feed by one document's worth of statements."""
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
        """Return how many bytes the statements of each feed take."""
        ...

    def dump(self, feed: str) -> FeedDump:
        """Return everything stored of a feed; StoreError if nothing is stored."""
        ...

    def load(self, dump: FeedDump) -> None:
        """Replace everything stored of the dump's feed; StoreError if the dump has another version."""
        ...

    def unparsed(self, feed: str) -> Sequence[Unparsed]:
        """Return what could not be understood of a feed: the first entries, at least 1,000 where there are more."""
        ...
