"""Oracle Linux errata (ELSA) as OVAL, in one document.

https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2. Rules beyond `openinspector.formats.oval`:

- Builds for Ksplice (``.ksplice1.``) and for FIPS (``_fips``) are flavours: statements about them do not apply to
  ordinary builds, and the reverse.
- Scores are in an attribute of each CVE: ``cvss3="7.8/CVSS:3.1/…"``.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Parsed, Source
from openinspector.formats import oval
from openinspector.formats.xml_elements import Element
from openinspector.versions.rpm import SCHEME

NAME: Final = "oracle"
_OVAL: Final = "https://linux.oracle.com/security/oval"
_ID: Final = re.compile(r"EL[SBE]A-[0-9]{4}-[0-9]+(?:-[0-9]+)?")


def _identity(_definition: Element, title: str) -> str:
    found = _ID.search(title)
    return found[0] if found else ""


def _flavour(version: str) -> str:
    if ".ksplice" in version:
        return "ksplice"
    return "fips" if "_fips" in version else ""


_DIALECT: Final = oval.OvalDialect(
    feed=NAME,
    scheme=SCHEME,
    stream=lambda release, _document: f"ol:{release}" if release else "",
    identity=_identity,
    page=lambda identity: f"https://linux.oracle.com/errata/{identity}.html",
    flavour=_flavour,
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield the errata, their scores, and entries that could not be parsed."""
    yield from oval.parse(documents, _DIALECT)


FEED: Final = Feed(
    name=NAME,
    title="Oracle Linux errata",
    publisher_url="https://linux.oracle.com/errata/",
    roots=(Source(name="com.oracle.elsa-all.xml.bz2", url=f"{_OVAL}/com.oracle.elsa-all.xml.bz2"),),
    version_scheme=SCHEME.name,
    distributions=("ol",),
    parse=parse,
    licence="Oracle (terms of use of linux.oracle.com)",
    by_document=True,
    fixed_only=True,
)
