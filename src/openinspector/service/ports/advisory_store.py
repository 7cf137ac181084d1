"""Where the advisories of each feed are kept, whole snapshots at a time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from openinspector.feed import Unparsed
from openinspector.model.advisory import Advisory


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSnapshot:
    """The stored state of one feed."""

    feed: str
    fingerprint: str
    """SHA-256 over the fetched documents: the same fingerprint, the same advisories."""
    origin: str
    """Where the documents came from: a URL or a folder."""
    fetched_at: datetime
    published_at: datetime | None
    """How old the publisher says the documents are; None where it does not say."""
    advisories: int
    unparsed: int
    validators: Mapping[str, str]
    """Document name to its HTTP validator (ETag or Last-Modified), for conditional requests."""


class AdvisoryStore(Protocol):
    """Stores one snapshot a feed; replacing is one transaction."""

    def replace(self, snapshot: FeedSnapshot, advisories: Iterable[Advisory], unparsed: Sequence[Unparsed]) -> None:
        """Replace everything stored of the snapshot's feed."""
        ...

    def snapshots(self) -> Sequence[FeedSnapshot]:
        """Return all snapshots, by feed."""
        ...

    def touch(self, feed: str, fetched_at: datetime) -> None:
        """Note that a feed was found unchanged."""
        ...

    def advisories(self, streams: Sequence[str]) -> Sequence[Advisory]:
        """Return the advisories that state anything of ``streams``, by feed and id.

        Their fixes and statuses are those of these streams, by stream.
        """
        ...

    def streams(self) -> Sequence[str]:
        """Return every stream that some advisory states anything of, sorted."""
        ...

    def unparsed(self, feed: str) -> Sequence[Unparsed]:
        """Return what could not be understood of a feed: the first entries, at least 1,000 where there are more."""
        ...
