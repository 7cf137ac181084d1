"""Extra Packages for Enterprise Linux: the updateinfo.xml of its repositories, written by Bodhi.

Its stream ``epel:9`` applies to its own packages on every distribution built from Red Hat's
(`openinspector.engine.streams`).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Parsed
from openinspector.formats import rpm_streams, updateinfo
from openinspector.formats.repomd import follow, repomd_roots

NAME: Final = "epel"
_MIRROR: Final = "https://dl.fedoraproject.org/pub/epel"
_RELEASES: Final = ("8", "9", "10")
_DIALECT: Final = updateinfo.UpdateinfoDialect(
    feed=NAME, stream=rpm_streams.epel, page=lambda identity: f"https://bodhi.fedoraproject.org/updates/{identity}"
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield the security updates, and entries that could not be parsed."""
    yield from updateinfo.parse(documents, _DIALECT)


FEED: Final = Feed(
    name=NAME,
    title="EPEL updates",
    publisher_url="https://docs.fedoraproject.org/en-US/epel/",
    roots=repomd_roots(
        (f"{release}/Everything/{architecture}", f"{_MIRROR}/{release}/Everything/{architecture}")
        for release in _RELEASES
        for architecture in ("x86_64", "aarch64")
    ),
    version_scheme="rpm",
    distributions=("epel",),
    parse=parse,
    follow=follow,
    licence="Fedora Project (updates metadata, MIT)",
    fixed_only=True,
)
