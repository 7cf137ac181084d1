"""SUSE's VEX documents (CSAF 2.0), one a CVE: https://ftp.suse.com/pub/projects/security/csaf-vex/.

- SUSE lists the version that has the fix as ``recommended``.
- A release is a service pack with its modules and extensions; all of them are one stream, because a package is in one
  of them only. Long-term support (LTSS, ESPOS) continues the stream of its service pack.
- SUSE names binary packages, with and without version.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from openinspector.feed import Document, Feed, Parsed, Source
from openinspector.formats import csaf_vex
from openinspector.model.advisory import PackageKind
from openinspector.versions.rpm import SCHEME

NAME: Final = "suse"
_FEED: Final = "https://ftp.suse.com/pub/projects/security"
_ENTERPRISE: Final = re.compile(
    r"cpe:/[ao]:suse:(?:suse_)?sl(?:es?|ed)(?:[-_](?:ltss|espos|sap|sdk|we|ha|hpc|module[a-z0-9_-]*|hpc-ltss|hpc-espos"
    r"|ltss-[a-z_-]+|server|desktop))*:(1[0-9])(?::sp([0-9]))?(?::.*)?"
)
_ENTERPRISE_16: Final = re.compile(r"cpe:/[ao]:suse:sles[a-z_-]*:(1[6-9])[:.]([0-9]+)(?::.*)?")
_MICRO: Final = re.compile(r"cpe:/o:suse:(?:sle-micro|suse-microos|sle_micro):(5\.[0-9])(?::.*)?")
_SL_MICRO: Final = re.compile(r"cpe:/o:suse:sl-micro:(6\.[0-9])(?::.*)?")
_LEAP: Final = re.compile(r"cpe:/o:opensuse:leap:(1[56]\.[0-9])(?::.*)?")
_TUMBLEWEED: Final = "cpe:/o:opensuse:tumbleweed"
_ERRATUM: Final = re.compile(r".*/((?:open)?SUSE-[A-Z]+-[0-9]{4}:[0-9]+-[0-9]+)/?")


def stream(cpe: str, _name: str) -> str:
    """Return the stream of a platform by its CPE; empty for products other than SUSE or openSUSE."""
    if cpe.startswith(_TUMBLEWEED):
        return "opensuse-tumbleweed:"
    newer = _ENTERPRISE_16.fullmatch(cpe)
    if newer is not None:
        return f"sles:{newer[1]}.{newer[2]}"
    enterprise = _ENTERPRISE.fullmatch(cpe)
    if enterprise is not None:
        return f"sles:{enterprise[1]}.{enterprise[2] or '0'}"
    for pattern, name in ((_LEAP, "opensuse-leap"), (_MICRO, "sle-micro"), (_SL_MICRO, "sl-micro")):
        found = pattern.fullmatch(cpe)
        if found is not None:
            return f"{name}:{found[1]}"
    return ""


def _erratum(url: str) -> str:
    found = _ERRATUM.fullmatch(url)
    return found[1] if found else ""


_DIALECT: Final = csaf_vex.Dialect(
    feed=NAME,
    scheme=SCHEME,
    stream=stream,
    erratum=_erratum,
    page=lambda cve: f"https://www.suse.com/security/cve/{cve}.html",
    unversioned_kind=PackageKind.BINARY,
)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    """Yield vulnerabilities, fixes and statuses, and what is not understood."""
    yield from csaf_vex.parse((document for document in documents if _is_statement(document.source.name)), _DIALECT)


def _is_statement(name: str) -> bool:
    return not name.endswith((".asc", ".sha256", ".csv", ".txt"))


FEED: Final = Feed(
    name=NAME,
    title="SUSE VEX",
    publisher_url="https://www.suse.com/support/security/csaf/",
    roots=(Source(name="csaf-vex.tar.bz2", url=f"{_FEED}/csaf-vex.tar.bz2", max_bytes=2 * 1024**3),),
    version_scheme=SCHEME.name,
    distributions=("opensuse-leap", "opensuse-tumbleweed", "sl-micro", "sle-micro", "sles"),
    parse=parse,
    licence="CC BY 4.0",
    by_document=True,
)
