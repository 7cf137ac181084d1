"""Feed: one upstream source of advisories, as pure functions over fetched documents.

``roots`` name what to fetch first, ``follow`` what a fetched document leads to, ``parse`` turns all documents into
advisories. All fetching is done by the service's ``worker/feed_sync.py``: conditional GET, size cap, checksum, retry.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from openinspector.model.advisory import Advisory


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One document to fetch. ``name`` is its path within the feed's folder, ``url`` where it lives."""

    name: str
    url: str
    max_bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One fetched document: where it came from and its bytes, decompressed by nobody yet."""

    source: Source
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed:
    """An entry of a document that could not be understood: counted and shown, never lost silently."""

    document: str
    entry: str
    reason: str


def follow_nothing(_document: Document) -> Iterable[Source]:
    """Lead nowhere: the default for feeds that are one document."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One upstream source of advisories."""

    name: str
    title: str
    publisher_url: str
    roots: tuple[Source, ...]
    version_scheme: str
    distributions: tuple[str, ...]
    """os-release ids the feed speaks for: ``("debian",)``."""
    parse: Callable[[Iterable[Document]], Iterator[Advisory | Unparsed]]
    follow: Callable[[Document], Iterable[Source]] = follow_nothing
