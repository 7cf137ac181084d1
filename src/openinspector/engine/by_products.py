"""By-products: packages built from a source that carry none of its code, such as headers and documentation.

An advisory about a source names every binary package built from it. A host without the vulnerable program may still
have its documentation; ``linux-libc-dev`` alone meets thousands of statements about the kernel. Such a package is
reported once, as Informational, with the number of vulnerabilities its update closes.

The table lists packages that the distribution's packaging policy keeps free of the source's programs and libraries.
Development packages of libraries are not in it: they may hold static libraries (``libc6-dev`` holds ``libc.a``).
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from openinspector.engine.match import Match
from openinspector.engine.rule import Detection
from openinspector.engine.vulnerable_packages import installed_version
from openinspector.model.finding import OutdatedByProduct, Severity
from openinspector.model.inventory import Package, PackageManager


class ByProduct(StrEnum):
    """The content of a package instead of the vulnerable code; the value is shown."""

    KERNEL_HEADERS = "kernel header files"
    LIBC_HEADERS = "C library header files"
    DOCUMENTATION = "documentation"
    DEBUG_SYMBOLS = "debug symbols"
    LOCALES = "translations and locale data"


class _Row(NamedTuple):
    manager: PackageManager
    kind: ByProduct
    names: re.Pattern[str]
    source: str
    """Where the distribution states the content of such packages."""
    of_another_source: bool = True
    """True if the row excludes a package named like its source, which would be a program."""


_DEBIAN_KERNEL: Final = "Debian Linux Kernel Handbook, chapter 2: Debian kernel source and packages"
_DEBIAN_DEBUG: Final = "Debian Wiki, AutomaticDebugPackages; Developer's Reference 6.8.9"
_DEBIAN_DOCS: Final = "Debian Policy 12.3: additional documentation"
_FEDORA_DEBUG: Final = "Fedora Packaging Guidelines, Debuginfo packages"
_FEDORA_DOCS: Final = "Fedora Packaging Guidelines, Documentation"
_FEDORA_KERNEL: Final = "kernel.spec of Fedora and Enterprise Linux, %files headers, devel and doc"
_FEDORA_GLIBC: Final = "glibc.spec of Fedora and Enterprise Linux, %files headers, langpack and locale-source"
_ALPINE: Final = "Alpine abuild, functions default_doc, default_dbg and default_lang"
_ARCH: Final = "Arch Linux PKGBUILD of linux, linux-api-headers and -docs"

_D: Final = PackageManager.DPKG
_R: Final = PackageManager.RPM
_A: Final = PackageManager.APK
_P: Final = PackageManager.PACMAN

_KERNEL_RPM: Final = r"kernel(?:[0-9]+\.[0-9]+)?(?:-(?:rt|64k|uek|default|kvm|plus|azure|preempt))?(?:-64k)?(?:-debug)?"

TABLE: Final = (
    _Row(_D, ByProduct.KERNEL_HEADERS, re.compile(r"linux-libc-dev(-[a-z0-9]+-cross)?"), _DEBIAN_KERNEL, False),
    _Row(_D, ByProduct.KERNEL_HEADERS, re.compile(r"linux-([a-z0-9.]+-)*headers-[a-z0-9.+~-]+"), _DEBIAN_KERNEL, False),
    _Row(_D, ByProduct.DOCUMENTATION, re.compile(r"linux-doc(-[0-9.]+)?"), _DEBIAN_KERNEL, False),
    _Row(_D, ByProduct.DEBUG_SYMBOLS, re.compile(r".+-dbgsym"), _DEBIAN_DEBUG),
    # Debug builds of an interpreter hold the interpreter: python3.11-dbg.
    _Row(_D, ByProduct.DEBUG_SYMBOLS, re.compile(r"(?!python|libpython|php).+-dbg"), _DEBIAN_DEBUG),
    _Row(_D, ByProduct.DOCUMENTATION, re.compile(r".+-(doc|docs|man|manpages)(-html|-pdf|-[a-z]{2})?"), _DEBIAN_DOCS),
    _Row(_D, ByProduct.LOCALES, re.compile(r"locales(-all)?|libc-l10n|.+-l10n(-.+)?"), "Debian Policy 5.6.1, glibc"),
    _Row(
        _R, ByProduct.KERNEL_HEADERS, re.compile(_KERNEL_RPM + r"-(headers|devel|devel-matched)"), _FEDORA_KERNEL, False
    ),
    _Row(
        _R,
        ByProduct.KERNEL_HEADERS,
        re.compile(r"linux-glibc-devel|kernel-(macros|cross-headers)"),
        _FEDORA_KERNEL,
        False,
    ),
    _Row(_R, ByProduct.DOCUMENTATION, re.compile(r"kernel-docs?"), _FEDORA_KERNEL, False),
    _Row(_R, ByProduct.LIBC_HEADERS, re.compile(r"glibc-headers(-.+)?"), _FEDORA_GLIBC),
    _Row(_R, ByProduct.LOCALES, re.compile(r"glibc-(langpack-.+|all-langpacks|locale-source)"), _FEDORA_GLIBC),
    _Row(_R, ByProduct.DEBUG_SYMBOLS, re.compile(r".+-(debuginfo(-common.*)?|debugsource)"), _FEDORA_DEBUG),
    _Row(_R, ByProduct.DOCUMENTATION, re.compile(r".+-(docs?|javadoc|help)"), _FEDORA_DOCS),
    _Row(
        _A,
        ByProduct.KERNEL_HEADERS,
        re.compile(r"linux-headers|linux-(lts|virt|edge|stable|rpi[0-9]?)-dev"),
        _ALPINE,
        False,
    ),
    _Row(_A, ByProduct.DOCUMENTATION, re.compile(r".+-(doc|docs)"), _ALPINE),
    _Row(_A, ByProduct.DEBUG_SYMBOLS, re.compile(r"(?!python).+-dbg"), _ALPINE),
    _Row(_A, ByProduct.LOCALES, re.compile(r".+-lang"), _ALPINE),
    _Row(_P, ByProduct.KERNEL_HEADERS, re.compile(r"linux(-[a-z]+)?-headers|linux-api-headers"), _ARCH, False),
    _Row(_P, ByProduct.DOCUMENTATION, re.compile(r".+-docs"), _ARCH),
)
"""The first matching row decides."""


def _row(package: Package) -> _Row | None:
    return next(
        (
            row
            for row in TABLE
            if row.manager is package.manager
            and row.names.fullmatch(package.name)
            and not (row.of_another_source and package.name == package.source_name)
        ),
        None,
    )


def by_product_of(package: Package) -> ByProduct | None:
    """Return the content of a by-product; None for a package that may contain code of its source."""
    row = _row(package)
    return row.kind if row is not None else None


def by_product_detection(matches: Sequence[Match]) -> Detection:
    """Return the one detection for every match of one by-product; ``matches`` are of one package, at least one."""
    package = matches[0].package
    row = _row(package)
    assert row is not None
    closed, unfixed = _identities(matches)
    goal = max((match for match in matches if match.fixed_version), key=lambda match: match.fixed_key, default=None)
    return Detection(
        subject=f"by-product {package.name} {package.version} {package.architecture}",
        body=OutdatedByProduct(
            rule_id=f"Outdated by-product {package.name}",
            severity=Severity.INFORMATIONAL,
            package=installed_version(package),
            source=package.source_name,
            content=str(row.kind),
            policy=row.source,
            fixed=goal.fixed_version if goal else "",
            closed=closed,
            unfixed=unfixed,
        ),
    )


def _identities(matches: Sequence[Match]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the vulnerabilities that an update closes, and those with no fix in some statement."""
    unfixed = {identity for match in matches if not match.fixed_version for identity in match.identities}
    every = {identity for match in matches for identity in match.identities}
    return tuple(sorted(every - unfixed)), tuple(sorted(unfixed))
