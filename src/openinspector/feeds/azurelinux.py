"""Azure Linux and CBL-Mariner as OVAL: one document per release.

https://github.com/microsoft/AzureLinuxVulnerabilityData. The documents violate OVAL's schema (prefixes, dates), which
`openinspector.formats.oval` tolerates. Packages are source packages; a definition is about one CVE of one of them. Only
the document's name shows the release.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Parsed, Source
from openinspector.formats import oval
from openinspector.formats.xml_elements import Element
from openinspector.model.advisory import PackageKind
from openinspector.versions.rpm import SCHEME

NAME: Final = "azurelinux"
_DATA: Final = "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main"
_DOCUMENT: Final = re.compile(r"(azurelinux|azure-linux|mariner)[a-z-]*([0-9]+\.[0-9]+)(?:-preview)?-oval\.xml$")
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")


def _stream(_release: str, document: str) -> str:
    found = _DOCUMENT.search(document)
    if found is None:
        return ""
    return f"mariner:{found[2]}" if found[1] == "mariner" else f"azurelinux:{found[2]}"


def _identity(definition: Element, title: str) -> str:
    found = _CVE.search(title)
    return f"{found[0]}/{definition.get('id').rpartition(':')[2]}" if found else definition.get("id")


_DIALECT: Final = oval.OvalDialect(
    feed=NAME,
    scheme=SCHEME,
    stream=_stream,
    identity=_identity,
    page=lambda identity: f"https://msrc.microsoft.com/update-guide/vulnerability/{identity.partition('/')[0]}",
    kind=PackageKind.SOURCE,
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield one advisory per definition, and entries that could not be parsed."""
    yield from oval.parse((document for document in documents if document.source.name.endswith(".xml")), _DIALECT)


FEED: Final = Feed(
    name=NAME,
    title="Azure Linux and CBL-Mariner vulnerabilities",
    publisher_url="https://github.com/microsoft/AzureLinuxVulnerabilityData",
    roots=(
        Source(name="azurelinux-3.0-oval.xml", url=f"{_DATA}/azurelinux-3.0-oval.xml", optional=True),
        Source(name="cbl-mariner-2.0-oval.xml", url=f"{_DATA}/cbl-mariner-2.0-oval.xml", optional=True),
    ),
    version_scheme=SCHEME.name,
    distributions=("azurelinux", "mariner"),
    parse=parse,
    licence="MIT",
    by_document=True,
    fixed_only=True,
)
