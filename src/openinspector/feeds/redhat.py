"""Red Hat's VEX documents (CSAF 2.0), one per CVE: https://security.access.redhat.com/data/csaf/v2/vex-feed/.

- ``archive_latest.txt`` names the archive of all documents; ``changes.csv`` and ``deletions.csv`` list changes.
- A platform is identified by its CPE. ``enterprise_linux:9`` is the general stream. ``rhel_eus``, ``rhel_aus``,
  ``rhel_tus`` and ``rhel_e4s`` of a minor release are separate streams. Extended life cycle support is part of the
  general stream, which it continues: a host without the subscription is affected as well.
- Every other product (OpenShift, middleware, images) is ignored.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Delta, Document, Feed, Parsed, Source
from openinspector.formats import csaf_vex
from openinspector.versions.rpm import SCHEME

NAME: Final = "redhat"
_FEED: Final = "https://security.access.redhat.com/data/csaf/v2/vex-feed"
_FOLDER: Final = "vex"
_LATEST: Final = "archive_latest.txt"
_ARCHIVE: Final = re.compile(r"[A-Za-z0-9_-]+\.tar\.zst")
_CPE: Final = re.compile(r"cpe:/[aoh]:redhat:([a-z_0-9]+):([0-9]+)(?:\.([0-9]+))?(?::.*)?")
_GENERAL: Final = frozenset({"enterprise_linux", "rhel_els", "rhel_extras", "rhel_extras_rt"})
_EXTENSIONS: Final = {
    "rhel_eus": "eus",
    "rhel_eus_long_life": "eus",
    "rhel_aus": "aus",
    "rhel_mission_critical": "aus",
    "rhel_tus": "tus",
    "rhel_e4s": "e4s",
}
_ERRATUM: Final = re.compile(r"https://access\.redhat\.com/errata/(RH[SBE]A-[0-9]{4}:[0-9]+)/?")


def stream(cpe: str, _name: str) -> str:
    """Return the stream of a platform by its CPE; empty for products other than Red Hat Enterprise Linux."""
    found = _CPE.fullmatch(cpe)
    if found is None:
        return ""
    product, major, minor = found.groups()
    if product in _GENERAL:
        return f"rhel:{major}"
    extension = _EXTENSIONS.get(product, "")
    return f"rhel:{major}.{minor}+{extension}" if extension and minor is not None else ""


def _erratum(url: str) -> str:
    found = _ERRATUM.fullmatch(url)
    return found[1] if found else ""


_DIALECT: Final = csaf_vex.CsafDialect(
    feed=NAME,
    scheme=SCHEME,
    stream=stream,
    erratum=_erratum,
    page=lambda cve: f"https://access.redhat.com/security/cve/{cve}",
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield vulnerabilities, fixes by erratum and statuses, and entries that could not be parsed."""
    yield from csaf_vex.parse(documents, _DIALECT)


def follow(document: Document) -> Iterable[Source]:
    """Follow the name of the newest archive to the archive."""
    if document.source.name.endswith(_LATEST):
        name = document.content.decode("ascii", "replace").strip()
        if _ARCHIVE.fullmatch(name):
            # under one name whatever the day, so that unchanged documents are known again
            url = f"{document.source.url.rpartition('/')[0]}/{name}"
            yield Source(name=f"{_FOLDER}.tar.zst", url=url, signature=f"{url}.asc", max_bytes=2 * 1024**3)


FEED: Final = Feed(
    name=NAME,
    title="Red Hat VEX",
    publisher_url="https://access.redhat.com/security/data",
    roots=(Source(name=_LATEST, url=f"{_FEED}/{_LATEST}"),),
    version_scheme=SCHEME.name,
    distributions=("rhel",),
    parse=parse,
    follow=follow,
    licence="CC BY 4.0",
    by_document=True,
    delta=Delta(
        changes=Source(name="changes.csv", url=f"{_FEED}/changes.csv"),
        deletions=Source(name="deletions.csv", url=f"{_FEED}/deletions.csv"),
        folder=_FOLDER,
        signed=True,
    ),
)
