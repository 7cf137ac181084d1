"""An rpm repository as documents of a feed: its index, and the documents that the index names."""

from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Source
from openinspector.formats.updateinfo import is_repomd, read_repomd

MAX_INDEX: Final = 8 * 1024 * 1024
_MAX_LIST: Final = 512 * 1024 * 1024


def repomd_roots(repositories: Iterable[tuple[str, str]]) -> tuple[Source, ...]:
    """Return the indices of repositories, given as pairs of name and base URL."""
    return tuple(
        Source(
            name=f"{name}/repomd.xml", url=f"{url.rstrip('/')}/repodata/repomd.xml", max_bytes=MAX_INDEX, optional=True
        )
        for name, url in repositories
    )


def follow(document: Document) -> Iterator[Source]:
    """Yield the errata and modules that a repository's index names, with their SHA-256."""
    name, url = document.source.name, document.source.url
    base = url.removesuffix("repodata/repomd.xml")
    if not is_repomd(name) or base == url:
        return
    folder = name.rpartition("/")[0]
    for kind, path, digest, _ in read_repomd(document):
        if not path or path.startswith("/") or ".." in path.split("/") or "://" in path:
            continue
        ending = path[path.rfind("xml" if kind == "updateinfo" else "yaml") :]
        yield Source(
            name=f"{folder}/{kind}.{ending}" if folder else f"{kind}.{ending}",
            url=f"{base}{path}",
            max_bytes=_MAX_LIST,
            sha256=digest,
            optional=True,
        )
