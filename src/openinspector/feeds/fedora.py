"""Fedora's updates: the updateinfo.xml of its ``updates`` repositories, written by Bodhi.

CVE ids are only in the titles of bugs and in prose; modular updates list no packages.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Parsed
from openinspector.formats import rpm_streams, updateinfo
from openinspector.formats.repomd import follow, repomd_roots

NAME: Final = "fedora"
_MIRROR: Final = "https://dl.fedoraproject.org/pub/fedora/linux/updates"
_RELEASES: Final = ("42", "43", "44")
_DIALECT: Final = updateinfo.UpdateinfoDialect(
    feed=NAME, stream=rpm_streams.fedora, page=lambda identity: f"https://bodhi.fedoraproject.org/updates/{identity}"
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield the security updates, and entries that could not be parsed."""
    yield from updateinfo.parse(documents, _DIALECT)


FEED: Final = Feed(
    name=NAME,
    title="Fedora updates",
    publisher_url="https://bodhi.fedoraproject.org/",
    roots=repomd_roots(
        (f"{release}/Everything/{architecture}", f"{_MIRROR}/{release}/Everything/{architecture}")
        for release in _RELEASES
        for architecture in ("x86_64", "aarch64")
    ),
    version_scheme="rpm",
    distributions=("fedora",),
    parse=parse,
    follow=follow,
    licence="Fedora Project (updates metadata, MIT)",
    fixed_only=True,
)
