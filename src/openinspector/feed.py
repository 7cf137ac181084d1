"""Feed: one upstream source of advisories, as pure functions over fetched documents.

``roots`` name what to fetch first, ``follow`` what a fetched document leads to, ``parse`` turns all documents into
advisories. All fetching is done by the service's ``worker/feed_sync.py``: conditional GET, size cap, checksum, retry.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from openinspector.model.advisory import Advisory, Vulnerability


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One document to fetch. ``name`` is its path within the feed's folder, ``url`` where it lives."""

    name: str
    url: str
    max_bytes: int = 256 * 1024 * 1024
    sha256: str = ""
    """Hexadecimal, where an index vouches for the document; empty: any content."""
    signature: str = ""
    """Address of an OpenPGP signature of the document, verified if the site has a keyring for it."""
    keyrings: tuple[str, ...] = ()
    """Paths of the keyrings to check it with; empty: those that the site keeps for the feed."""
    mirrors: tuple[str, ...] = ()
    """Other addresses of the same document, tried in order after ``url``."""
    optional: bool = False
    """Whether the others are worth having without it: it is counted as not had, and the feed goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One fetched document: where it came from and its bytes, decompressed."""

    source: Source
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed:
    """An entry of a document that could not be understood: counted and shown, never lost silently.

    An empty ``entry`` means that the document was refused whole.
    """

    document: str
    entry: str
    reason: str


Parsed = Advisory | Vulnerability | Unparsed
"""Results of parsing: statements, a source's description of a CVE, and entries that were not understood."""


def follow_nothing(_document: Document) -> Iterable[Source]:
    """Return nothing: the default for feeds whose roots are all there is."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Where a publisher lists the documents that changed and that are gone (`openinspector.formats.changes_csv`)."""

    changes: Source
    """Paths in it are relative to its own address."""
    folder: str
    """Beginning of the documents' names in the feed, up to their path."""
    deletions: Source | None = None
    signed: bool = False
    """Whether a signature stands beside each document, at its address with ``.asc``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One upstream source of advisories."""

    name: str
    title: str
    publisher_url: str
    roots: tuple[Source, ...]
    version_scheme: str
    distributions: tuple[str, ...]
    """Names of the streams it states anything of: ``("debian",)``; empty for feeds about vulnerabilities."""
    parse: Callable[[Iterable[Document]], Iterator[Parsed]]
    follow: Callable[[Document], Iterable[Source]] = follow_nothing
    licence: str = ""
    """Terms of the data, as the publisher states them."""
    by_document: bool = False
    """Whether ``parse`` of several documents is what it yields for each: then only changed ones are parsed again."""
    delta: Delta | None = None
    """How to fetch changes alone; of feeds parsed by document."""
    fixed_only: bool = False
    """Whether the publisher never states that a vulnerability has no fix: silence then means nothing."""
