"""SUSE's VEX documents (CSAF 2.0), one per CVE: https://ftp.suse.com/pub/projects/security/csaf-vex/.

- SUSE lists the fixed version as ``recommended``.
- A release is a service pack with its modules and extensions. They are one stream, because each package is in only one
  of them. Long-term support (LTSS, ESPOS, BCL), the real-time extension, live patches and Package Hub continue the
  stream of their service pack. Teradata's own builds are not read.
- SUSE names binary packages, with and without version.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from openinspector.feed import Delta, Document, Feed, Parsed, Source
from openinspector.formats import csaf_vex
from openinspector.model.advisory import PackageKind
from openinspector.versions.rpm import SCHEME

NAME: Final = "suse"
_FOLDER: Final = "csaf-vex"
"""Name of the archive, and of the folder in it."""
_FEED: Final = "https://ftp.suse.com/pub/projects/security"
_ENTERPRISE: Final = re.compile(r"(?:suse_)?sl(?:es?|ed)(?:[-_][a-z0-9_-]+)?|suse-linux-enterprise-[a-z-]+|packagehub")
"""CPE products of SUSE Linux Enterprise, its modules, extensions and support channels."""
_OTHER_BUILDS: Final = re.compile(r"teradata|micro")
"""Products with such a CPE, but with other builds under the same names."""
_MAJOR: Final = re.compile(r"1[0-9]")
_SERVICE_PACK: Final = re.compile(r"sp([0-9])")
_MINOR: Final = re.compile(r"[1-9][0-9]?\.[0-9]")
_BY_MINOR: Final[Mapping[str, str]] = MappingProxyType(
    {
        "opensuse:leap": "opensuse-leap",
        "opensuse:leap-micro": "opensuse-leap-micro",
        "suse:sl-micro": "sl-micro",
        "suse:sle-micro": "sle-micro",
        "suse:sle-micro-rancher": "sle-micro",
        "suse:sle_micro": "sle-micro",
        "suse:suse-microos": "sle-micro",
    }
)
"""Vendor and product of a CPE whose version is ``major.minor``, and the name in its streams."""
_ERRATUM: Final = re.compile(r".*/((?:open)?SUSE-[A-Z]+-[0-9]{4}:[0-9]+-[0-9]+)/?")


def stream(cpe: str, _name: str) -> str:
    """Return the stream of a platform by its CPE; empty for products other than SUSE or openSUSE."""
    kind, vendor, product, version, update, *rest = (*cpe.split(":")[1:], "", "", "", "", "")
    if kind not in ("/a", "/o") or "teradata" in rest:
        return ""
    if vendor == "opensuse" and product == "tumbleweed":
        return "opensuse-tumbleweed:"
    if name := _BY_MINOR.get(f"{vendor}:{product}"):
        return f"{name}:{version}" if _MINOR.fullmatch(version) else ""
    if vendor != "suse" or not _ENTERPRISE.fullmatch(product) or _OTHER_BUILDS.search(product):
        return ""
    return f"sles:{release}" if (release := _release(version, update)) else ""


def _release(version: str, update: str) -> str:
    """Return ``15.3`` of the version and update fields ``15:sp3``, ``16:16.3`` or ``16.3:``."""
    minor = next((field for field in (version, update) if _MINOR.fullmatch(field)), "")
    if minor or not _MAJOR.fullmatch(version):
        return minor
    pack = _SERVICE_PACK.fullmatch(update)
    return f"{version}.{pack[1] if pack else 0}"


def _erratum(url: str) -> str:
    found = _ERRATUM.fullmatch(url)
    return found[1] if found else ""


_DIALECT: Final = csaf_vex.CsafDialect(
    feed=NAME,
    scheme=SCHEME,
    stream=stream,
    erratum=_erratum,
    page=lambda cve: f"https://www.suse.com/security/cve/{cve}.html",
    unversioned_kind=PackageKind.BINARY,
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield vulnerabilities, fixes and statuses, and entries that could not be parsed."""
    yield from csaf_vex.parse((document for document in documents if _is_statement(document.source.name)), _DIALECT)


def _is_statement(name: str) -> bool:
    return not name.endswith((".asc", ".sha256", ".csv", ".txt"))


FEED: Final = Feed(
    name=NAME,
    title="SUSE VEX",
    publisher_url="https://www.suse.com/support/security/csaf/",
    roots=(Source(name="csaf-vex.tar.bz2", url=f"{_FEED}/csaf-vex.tar.bz2", max_bytes=2 * 1024**3),),
    version_scheme=SCHEME.name,
    distributions=("opensuse-leap", "opensuse-leap-micro", "opensuse-tumbleweed", "sl-micro", "sle-micro", "sles"),
    parse=parse,
    licence="CC BY 4.0",
    by_document=True,
    delta=Delta(
        changes=Source(name="changes.csv", url=f"{_FEED}/csaf-vex/changes.csv"),
        folder=f"{_FOLDER}/{_FOLDER}",
        signed=True,
    ),
)
