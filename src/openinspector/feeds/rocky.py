"""Rocky Linux errata: the updateinfo.xml of its repositories.

The updateinfo names no modules; the modules.yaml beside it does (`openinspector.formats.updateinfo`).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Parsed, Source
from openinspector.formats import rpm_streams, updateinfo
from openinspector.formats.repomd import follow, repomd_roots

NAME: Final = "rocky"
_MIRROR: Final = "https://dl.rockylinux.org/pub/rocky"
_REPOSITORIES: Final = {
    "8": ("BaseOS", "AppStream", "PowerTools", "extras"),
    "9": ("BaseOS", "AppStream", "CRB", "extras"),
    "10": ("BaseOS", "AppStream", "CRB", "extras"),
}
_DIALECT: Final = updateinfo.UpdateinfoDialect(
    feed=NAME, stream=rpm_streams.rocky, page=lambda identity: f"https://errata.rockylinux.org/{identity}"
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield the errata, and entries that could not be parsed."""
    yield from updateinfo.parse(documents, _DIALECT)


def _roots() -> tuple[Source, ...]:
    return repomd_roots(
        (f"{release}/{name}/{architecture}", f"{_MIRROR}/{release}/{name}/{architecture}/os")
        for release, names in _REPOSITORIES.items()
        for name in names
        for architecture in ("x86_64", "aarch64")
    )


FEED: Final = Feed(
    name=NAME,
    title="Rocky Linux errata",
    publisher_url="https://errata.rockylinux.org/",
    roots=_roots(),
    version_scheme="rpm",
    distributions=("rocky",),
    parse=parse,
    follow=follow,
    licence="BSD-3-Clause",
    fixed_only=True,
)
