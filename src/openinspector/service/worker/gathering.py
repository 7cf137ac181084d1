"""Gathers the documents of a feed: its roots and linked documents, from the publisher, a mirror, a folder or a file."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from openinspector import __version__
from openinspector.feed import Document, Feed, Source, Unparsed
from openinspector.model.errors import FeedError
from openinspector.service.worker.expansion import expand, plain_name
from openinspector.service.worker.feed_storing import Gathered
from openinspector.service.worker.fetch import Fetched, Fetcher, FetchError, Want, shown

Progress = Callable[[str, int, int], None]
"""Called with the activity, the number done and the total."""

SIGNATURE: Final = "(signature)"
"""Name among a snapshot's validators that records whether the publisher's signatures were checked."""
_MAX_FOLLOWED: Final = 100_000
_MAX_MIRRORS: Final = 4
"""Mirrors tried besides the first: each may take three attempts."""
_MAX_FILES: Final = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A fetched file and its source."""

    source: Source
    fetched: Fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailure:
    """An optional document that could not be fetched."""

    source: Source
    error: FetchError


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Report nothing."""


READER: Final = f"{__version__}:"
"""Beginning of a fingerprint: the version of the parser."""


def fingerprint(digests: Mapping[str, str]) -> str:
    """Return this program's version and the SHA-256 over the documents' names and contents."""
    whole = hashlib.sha256()
    for name, digest in sorted(digests.items()):
        whole.update(f"{name}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return f"{READER}{whole.hexdigest()}"


def local_path(origin: str) -> Path | None:
    """Return the path of a folder, file or ``file://`` URL; None for a URL of the network."""
    parts = urlsplit(origin)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme in ("http", "https") else Path(origin)


def gather(feed: Feed, fetcher: Fetcher, origin: str, progress: Progress) -> Gathered:
    """Return a feed's documents from ``origin``; empty: from the publisher.

    A URL that ends with ``/`` is a mirror of the roots by name, any other one the feed's only document. In a folder the
    roots are found by name; if it has none of those that are required, every file is a document. FeedError, FetchError.
    """
    path = local_path(origin) if origin else None
    if path is not None:
        return _from_disk(feed, fetcher, path, progress)
    roots = _roots(feed, origin)
    return _gathered(_fetch_all(feed, fetcher, roots, progress), origin or feed.roots[0].url)


def _roots(feed: Feed, origin: str) -> tuple[Source, ...]:
    if not feed.roots:
        raise FeedError(f"{feed.title} has no default origin", advice="Name one with --from.")
    if not origin:
        return feed.roots
    if origin.endswith("/"):
        return tuple(replace(root, url=origin + root.name) for root in feed.roots)
    if len(feed.roots) > 1:
        names = ", ".join(root.name for root in feed.roots)
        raise FeedError(f"{feed.title} is {len(feed.roots)} documents: {names}", advice="Name a URL that ends with /.")
    return (replace(feed.roots[0], url=origin),)


def _fetch_all(
    feed: Feed, fetcher: Fetcher, roots: Iterable[Source], progress: Progress
) -> Iterator[_File | FetchFailure]:
    """Fetch the roots and the documents they link to, each URL once, breadth first; optional documents may fail."""
    waiting = list(roots)
    seen = {source.url for source in waiting}
    done = 0
    while waiting:
        progress(feed.name, done, done + len(waiting))
        source = waiting.pop(0)
        done += 1
        try:
            source, fetched = _fetch(fetcher, source)
        except FetchError as error:
            if not source.optional:
                raise
            yield FetchFailure(source=source, error=error)
            continue
        yield _File(source=source, fetched=fetched)
        for led in _followed(feed, source, fetched):
            if led.url not in seen:
                seen.add(led.url)
                waiting.append(led)
        if len(seen) > _MAX_FOLLOWED:
            raise FetchError(f"{feed.title} leads to more than {_MAX_FOLLOWED} documents", advice="Check the source.")
    progress(feed.name, done, done)


def _fetch(fetcher: Fetcher, source: Source) -> tuple[Source, Fetched]:
    """Return a document and its source: its address, or else the first of its mirrors that has it."""
    failure: FetchError | None = None
    for url in (source.url, *source.mirrors[:_MAX_MIRRORS]):
        beside = f"{url}{source.signature.removeprefix(source.url)}" if source.signature else ""
        want = Want(
            url=url,
            max_bytes=source.max_bytes,
            sha256=source.sha256,
            signature=beside,
            keyrings=source.keyrings,
            plain_http=bool(source.sha256),
        )
        try:
            return replace(source, url=url, signature=beside), fetcher.fetch(want)
        except FetchError as error:
            failure = failure or error
    assert failure is not None
    raise failure


def _followed(feed: Feed, source: Source, fetched: Fetched) -> Iterator[Source]:
    for document in expand(source, fetched.path) if _leads_on(feed) else ():
        yield from feed.follow(document)


def _leads_on(feed: Feed) -> bool:
    return Feed.__dataclass_fields__["follow"].default is not feed.follow


def _gathered(files: Iterable[_File | FetchFailure], origin: str) -> Gathered:
    fetched = tuple(files)
    kept = tuple(file for file in fetched if isinstance(file, _File))
    failures = tuple(file for file in fetched if isinstance(file, FetchFailure))
    if failures and not kept:
        raise failures[0].error
    dates = [file.fetched.modified for file in kept if file.fetched.modified]
    published: datetime | None = max(dates) if dates else None
    return Gathered(
        documents=lambda: (document for file in kept for document in expand(file.source, file.fetched.path)),
        fingerprint=fingerprint({file.source.name: file.fetched.sha256 for file in kept}),
        origin=shown(origin),
        published_at=published,
        validators={**{file.source.name: file.fetched.validator for file in kept}, **_signature(kept)},
        unparsed=tuple(Unparsed(document=one.source.name, entry="", reason=str(one.error)) for one in failures),
        transferred_bytes=sum(file.fetched.transferred_bytes for file in kept),
        reader=READER,
    )


def _signature(files: Iterable[_File]) -> Mapping[str, str]:
    """Return whether the signatures of signed files were checked; nothing if no file is signed."""
    signed = [file.fetched.verified for file in files if file.source.signature]
    if not signed:
        return {}
    return {SIGNATURE: "verified" if all(signed) else "not verified: no keyring"}


def _from_disk(feed: Feed, fetcher: Fetcher, path: Path, progress: Progress) -> Gathered:
    if not path.exists():
        raise FetchError(f"{path} does not exist", advice="Name a folder, a file or a URL.")
    if path.is_file():
        return _from_file(feed, fetcher, path, progress)
    files = _files(path)
    found = [_named(root, path, files) for root in feed.roots]
    sources = tuple(source for source in found if source is not None)
    if all(source.optional for source in sources):
        known = {source.url for source in sources}
        sources = (*sources, *(source for source in _all(path, files) if source.url not in known))
    if not sources:
        raise FetchError(f"{path} is empty", advice="Name the folder that holds the feed's documents.")
    return _gathered(_fetch_all(feed, fetcher, sources, progress), str(path))


def _from_file(feed: Feed, fetcher: Fetcher, path: Path, progress: Progress) -> Gathered:
    """Return the content of one file: a document, or an archive in which the roots are found by name as in a folder."""
    name = feed.roots[0].name if len(feed.roots) == 1 else path.name
    gathered = _gathered(
        _fetch_all(feed, fetcher, (Source(name=name, url=path.resolve().as_uri()),), progress), str(path)
    )

    def documents() -> Iterator[Document]:
        if any(_is_root(feed, document) for document in gathered.documents()):
            return (document for document in gathered.documents() if _is_root(feed, document))
        return iter(gathered.documents())

    return replace(gathered, documents=documents)


def _is_root(feed: Feed, document: Document) -> bool:
    return any(f"/{document.source.name}".endswith(f"/{plain_name(root.name)}") for root in feed.roots)


def _files(folder: Path) -> list[Path]:
    files = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            files.append(path)
        if len(files) > _MAX_FILES:
            raise FetchError(f"{folder} holds more than {_MAX_FILES} files", advice="Name the feed's own folder.")
    return files


def _named(root: Source, folder: Path, files: Iterable[Path]) -> Source | None:
    """Return the file that is a root: its name, compressed or not, at the end of the path."""
    wanted = f"/{plain_name(root.name)}"
    for path in files:
        if plain_name(f"/{path.relative_to(folder).as_posix()}").endswith(wanted):
            return replace(root, url=path.resolve().as_uri())
    return None


def _all(folder: Path, files: Iterable[Path]) -> Iterator[Source]:
    for path in files:
        yield Source(name=path.relative_to(folder).as_posix(), url=path.resolve().as_uri())
