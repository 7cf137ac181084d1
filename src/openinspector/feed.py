"""Feed: one upstream source of advisories, as pure functions over fetched documents.

``roots`` are the first documents to fetch, ``follow`` returns the documents that a fetched one leads to, and ``parse``
turns all documents into advisories. The service's ``worker/feed_sync.py`` does all fetching: conditional GET, size cap,
checksum, retry.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from openinspector.model.advisory import Advisory, Vulnerability


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One document to fetch. ``name`` is its path within the feed's folder, ``url`` its address."""

    name: str
    url: str
    max_bytes: int = 256 * 1024 * 1024
    sha256: str = ""
    """SHA-256 that an index states, hexadecimal; empty if none does."""
    signature: str = ""
    """Address of an OpenPGP signature of the document, verified if the site has a keyring for it."""
    keyrings: tuple[str, ...] = ()
    """Paths of the keyrings to verify it with; empty: the site's keyrings for the feed."""
    mirrors: tuple[str, ...] = ()
    """Other addresses of the same document, tried in order after ``url``."""
    optional: bool = False
    """True if the sync continues without the document: it is counted as missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One fetched document: its origin and its decompressed bytes."""

    source: Source
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed:
    """An entry of a document that could not be parsed: counted and shown, never lost silently.

    An empty ``entry`` means that the whole document was refused.
    """

    document: str
    entry: str
    reason: str


Parsed = Advisory | Vulnerability | Unparsed
"""Results of parsing: advisories, a source's description of a CVE, and entries that could not be parsed."""


def follow_nothing(_document: Document) -> Iterable[Source]:
    """Return nothing: the default for feeds that consist of their roots."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The publisher's lists of changed and deleted documents (`openinspector.formats.changes_csv`)."""

    changes: Source
    """Paths in it are relative to its address."""
    folder: str
    """Prefix of the documents' names in the feed, before their path."""
    deletions: Source | None = None
    signed: bool = False
    """True if each document has a signature at its address with ``.asc``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One upstream source of advisories."""

    name: str
    title: str
    publisher_url: str
    roots: tuple[Source, ...]
    version_scheme: str
    distributions: tuple[str, ...]
    """Distributions that it covers: ``("debian",)``; empty for feeds about vulnerabilities."""
    parse: Callable[[Iterable[Document]], Iterator[Parsed]]
    follow: Callable[[Document], Iterable[Source]] = follow_nothing
    licence: str = ""
    """Licence of the data, as the publisher states it."""
    by_document: bool = False
    """True if ``parse`` handles each document independently: then only changed ones are parsed again."""
    delta: Delta | None = None
    """How to fetch only changes; for feeds that are parsed by document."""
    fixed_only: bool = False
    """True if the publisher never states that a vulnerability has no fix: no statement then proves nothing."""
