"""Errata of the rpm repositories configured on this host: for a site with nothing but mirrors.

``service/worker/rpm_repositories.py`` reads the list of repositories. The id of an update shows its publisher
(`openinspector.formats.rpm_streams`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from openinspector.feed import Document, Feed, Parsed, Source
from openinspector.formats import repomd, rpm_streams, updateinfo
from openinspector.formats.mirror_list import read_mirrors

NAME: Final = "updateinfo"
MIRRORS: Final = "mirrors"
"""Name of the document that lists a repository's mirrors, in the repository's folder."""
_DIALECT: Final = updateinfo.UpdateinfoDialect(
    feed=NAME,
    stream=rpm_streams.any_distribution,
    flavour=lambda version: "fips" if "_fips" in version else "ksplice" if ".ksplice" in version else "",
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield the updates of every known distribution, and entries that could not be parsed."""
    read = (document for document in documents if not document.source.name.endswith(f"/{MIRRORS}"))
    yield from updateinfo.parse(read, _DIALECT)


def follow(document: Document) -> Iterable[Source]:
    """Follow the mirrors of a repository to its index, and the index to its errata and modules."""
    folder, _, name = document.source.name.rpartition("/")
    if name != MIRRORS:
        yield from repomd.follow(document)
        return
    found = read_mirrors(document.content)
    if found.urls:
        index = Source(
            name=f"{folder}/repomd.xml",
            url=found.urls[0],
            mirrors=found.urls[1:],
            max_bytes=repomd.MAX_INDEX,
            sha256=found.sha256,
            optional=True,
        )
        yield signed(index, document.source.keyrings)


def signed(index: Source, keyrings: tuple[str, ...]) -> Source:
    """Return a repository's index, which must be signed with one of ``keyrings`` if there are any."""
    return replace(index, signature=f"{index.url}.asc", keyrings=keyrings) if keyrings else index


FEED: Final = Feed(
    name=NAME,
    title="Errata of the host's own rpm repositories",
    publisher_url="https://rpm-software-management.github.io/createrepo_c/",
    roots=(),
    version_scheme="rpm",
    distributions=(
        "almalinux",
        "amzn",
        "centos",
        "epel",
        "fedora",
        "ol",
        "opensuse-leap",
        "rhel",
        "rocky",
        "sles",
    ),
    parse=parse,
    follow=follow,
    licence="that of each distribution",
    fixed_only=True,
)
