"""Alpine's security database: one JSON document per branch and repository (`openinspector.formats.secdb`).

A branch is a stream: ``alpine:3.19``; ``edge`` is ``alpine:edge``. Repositories of a branch have packages of different
names.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Parsed, Source
from openinspector.formats import secdb
from openinspector.versions.apk import SCHEME

NAME: Final = "alpine"
_DATABASE: Final = "https://secdb.alpinelinux.org"
_BRANCHES: Final = ("edge", *(f"v3.{minor}" for minor in range(23, 9, -1)))
_VERSION: Final = re.compile(r"v([0-9]+\.[0-9]+)")


def _stream(version: str) -> str:
    found = _VERSION.fullmatch(version)
    return "alpine:edge" if version == "edge" else f"alpine:{found[1]}" if found else ""


_DIALECT: Final = secdb.SecdbDialect(
    feed=NAME,
    scheme=SCHEME,
    stream=_stream,
    page=lambda identity: f"https://security.alpinelinux.org/vuln/{identity}",
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield one advisory per vulnerability and branch, and entries that could not be parsed."""
    yield from secdb.parse((document for document in documents if document.source.name.endswith(".json")), _DIALECT)


FEED: Final = Feed(
    name=NAME,
    title="Alpine security database",
    publisher_url="https://security.alpinelinux.org/",
    roots=tuple(
        Source(name=f"{branch}/{repository}.json", url=f"{_DATABASE}/{branch}/{repository}.json", optional=True)
        for branch in _BRANCHES
        for repository in ("main", "community")
    ),
    version_scheme=SCHEME.name,
    distributions=("alpine",),
    parse=parse,
    licence="CC-BY-SA 4.0",
    fixed_only=True,
)
