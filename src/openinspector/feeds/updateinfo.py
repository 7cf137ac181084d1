"""Errata of the rpm repositories that a host itself is configured with: for a site with nothing but mirrors.

Which repositories those are is read by ``service/worker/rpm_repositories.py``, as apt's sources are for debian_archive.
Whose an update is, its id says (`openinspector.formats.rpm_streams`).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Parsed
from openinspector.formats import rpm_streams, updateinfo
from openinspector.formats.repomd import follow

NAME: Final = "updateinfo"
_DIALECT: Final = updateinfo.UpdateinfoDialect(
    feed=NAME,
    stream=rpm_streams.any_distribution,
    flavour=lambda version: "fips" if "_fips" in version else "ksplice" if ".ksplice" in version else "",
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield the updates of every distribution known here and what is not understood."""
    yield from updateinfo.parse(documents, _DIALECT)


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
