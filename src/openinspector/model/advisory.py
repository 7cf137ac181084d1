"""Advisories: a publisher's statement about affected and fixed versions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NOT_MODULAR: Final = "-"
"""`AffectedPackage.module` of a statement about packages that belong to no module."""


class FixState(StrEnum):
    """What the publisher says of a fix."""

    FIXED = "FIXED"
    """``fixed_version`` and later are not affected."""
    OPEN = "OPEN"
    """Affected at every version; no fix yet, or none intended (``note`` says why)."""
    NOT_AFFECTED = "NOT_AFFECTED"


class PackageKind(StrEnum):
    """Whether an advisory names source or binary packages."""

    SOURCE = "SOURCE"
    BINARY = "BINARY"


class Priority(StrEnum):
    """The publisher's priority word, normalized."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    NEGLIGIBLE = "NEGLIGIBLE"
    UNSPECIFIED = "UNSPECIFIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedPackage:
    """One package of one distribution release that an advisory is about."""

    distribution: str
    """``<os-release ID>:<VERSION_ID>``, such as ``debian:12`` or ``almalinux:9``."""
    kind: PackageKind
    name: str
    fix_state: FixState
    fixed_version: str = ""
    """First version that is not affected, in the distribution's scheme; set exactly when FIXED."""
    introduced_version: str = ""
    """First affected version; empty means from the beginning."""
    module: str = ""
    """Module ``name:stream`` the statement is limited to (rpm), or NOT_MODULAR; empty means any."""
    architectures: tuple[str, ...] = ()
    """Architectures the statement is limited to; empty means all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A CVSS score as its publisher gave it."""

    version: str
    """``2.0``, ``3.0``, ``3.1`` or ``4.0``."""
    base: float
    vector: str
    origin: str
    """Who scored: ``nvd``, ``almalinux``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One statement of one publisher."""

    id: str
    """The publisher's id: ``DSA-5380-1``, ``ALSA-2026:A009``, or the CVE id itself."""
    feed: str
    vulnerabilities: tuple[str, ...]
    """CVE ids; may be empty for a security update that names none."""
    affected: tuple[AffectedPackage, ...]
    summary: str = ""
    priority: Priority = Priority.UNSPECIFIED
    scores: tuple[Score, ...] = ()
    references: tuple[str, ...] = ()
    published: str = ""
    """ISO 8601 date as the publisher gives it; empty where it gives none."""
    note: str = ""
