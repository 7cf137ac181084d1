"""Advisories: a publisher's statements about builds that have a fix and about unfixed vulnerabilities.

Like vendors, this model has two kinds of statement. A `Fix` states that a build and every later one of its
stream has the fix. A `Status` states the status of one vulnerability in one package: open, not affected, will not be
fixed. A `Vulnerability` is one CVE as CVE, NVD, EPSS and KEV describe it: it rates the vulnerability and never decides
whether a host is affected.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NOT_MODULAR: Final = "-"
"""`Target.module` of a statement about packages that belong to no module."""


class FixState(StrEnum):
    """Status of a vulnerability in a package without a fix statement."""

    OPEN = "OPEN"
    """Affected; no fix yet."""
    NOT_AFFECTED = "NOT_AFFECTED"
    DEFERRED = "DEFERRED"
    """Affected; a fix may come later, without a date."""
    WONT_FIX = "WONT_FIX"
    """Affected; the publisher will not fix it in this stream."""
    UNDER_INVESTIGATION = "UNDER_INVESTIGATION"
    """The publisher does not know yet whether the package is affected."""
    END_OF_LIFE = "END_OF_LIFE"
    """Affected, or never examined; the publisher no longer supports the package in this stream."""

    @property
    def is_affected(self) -> bool:
        """True if the publisher considers the package vulnerable."""
        return self not in (FixState.NOT_AFFECTED, FixState.UNDER_INVESTIGATION)


class PackageKind(StrEnum):
    """Whether a statement names source or binary packages."""

    SOURCE = "SOURCE"
    BINARY = "BINARY"


class Priority(StrEnum):
    """The publisher's severity or priority word, normalized."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    NEGLIGIBLE = "NEGLIGIBLE"
    UNSPECIFIED = "UNSPECIFIED"


class Restart(StrEnum):
    """The restart that an update needs, according to the publisher."""

    NONE = "NONE"
    SESSION = "SESSION"
    SERVICE = "SERVICE"
    REBOOT = "REBOOT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The package and stream that a statement is about."""

    stream: str
    """``<os-release ID>:<release>[+<extension>]``: ``debian:12``, ``rhel:9.2+eus``, ``ubuntu:22.04+esm-apps``,
    ``amzn:2+kernel-5.15``."""
    kind: PackageKind
    name: str
    module: str = ""
    """Module ``name:stream`` the statement is limited to (rpm), or NOT_MODULAR; empty means any."""
    architectures: tuple[str, ...] = ()
    """Architectures the statement is limited to; empty means all."""
    flavour: str = ""
    """Kind of build the statement is limited to: ``fips``, ``ksplice``; empty means ordinary builds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The advisory's vulnerabilities are fixed in ``version`` of the target and in every later build of its stream."""

    target: Target
    version: str
    """First version that is not affected, in the distribution's scheme."""
    introduced: str = ""
    """First affected version; empty means from the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Status of vulnerabilities in the target, at every version."""

    target: Target
    state: FixState
    vulnerability: str = ""
    """The vulnerability; empty: all that the advisory names, or the advisory itself if it names none."""
    word: str = ""
    """The publisher's wording: ``Will not fix``, ``no-dsa (Minor issue)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorUpdate:
    """An update that fixes the advisory's vulnerabilities in the target. It names what to install and decides nothing.

    Publishers whose fixes are builds, and whose updates have names of their own, state both (Microsoft).
    """

    target: Target
    update: str
    """Name of the update: ``KB5035857``."""
    kind: str = ""
    """The publisher's word: ``Monthly Rollup``, ``Security Only``."""
    version: str = ""
    """First build that has it; empty if the publisher gives none."""
    supersedes: tuple[str, ...] = ()
    """Names of older updates that it replaces. Publishers leave some out."""
    restart: Restart | None = None
    """The restart it needs; None if the publisher does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A CVSS score as published."""

    version: str
    """``2.0``, ``3.0``, ``3.1`` or ``4.0``."""
    base: float
    vector: str
    origin: str
    """Origin of the score: ``nvd``, ``cve``, ``adp``, or a feed's name."""
    stream: str = ""
    """Stream the score is limited to; empty means all. Publishers rate per product and package."""
    package: str = ""
    """Source or binary package the score is limited to; empty means all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One document of one publisher."""

    id: str
    """The publisher's id: ``DSA-5380-1``, ``ALSA-2026:A009``, or the CVE id itself."""
    feed: str
    vulnerabilities: tuple[str, ...]
    """CVE ids; may be empty for a security update that names none."""
    fixes: tuple[Fix, ...] = ()
    statuses: tuple[Status, ...] = ()
    remedies: tuple[VendorUpdate, ...] = ()
    summary: str = ""
    severity: str = ""
    """The publisher's wording, such as ``Important``."""
    priority: Priority = Priority.UNSPECIFIED
    scores: tuple[Score, ...] = ()
    cwes: tuple[str, ...] = ()
    """``CWE-`` and a number."""
    restart: Restart = Restart.NONE
    references: tuple[str, ...] = ()
    published: str = ""
    """ISO 8601 date of the publisher; empty if absent."""
    modified: str = ""

    @property
    def statements(self) -> "tuple[Fix | Status, ...]":
        """Its fixes, then its statuses."""
        return (*self.fixes, *self.statuses)

    @property
    def identities(self) -> tuple[str, ...]:
        """The subjects of findings: the CVE ids, or the advisory's own id if it names none."""
        return self.vulnerabilities or (self.id,)


class RecordState(StrEnum):
    """State of a CVE record."""

    PUBLISHED = "PUBLISHED"
    REJECTED = "REJECTED"
    """Withdrawn by CVE: shown with the vendor's statements, which still apply."""
    DISPUTED = "DISPUTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploitability:
    """EPSS: how likely exploitation within 30 days is (first.org)."""

    probability: float
    """0.0 to 1.0."""
    percentile: float
    """0.0 to 1.0: share of CVEs with the same or a lower probability."""
    date: str
    """ISO 8601 day of the model's output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownExploit:
    """An entry of CISA's catalogue of known exploited vulnerabilities (KEV)."""

    added: str
    """ISO 8601 day."""
    due: str = ""
    """ISO 8601 day by which US federal agencies must act."""
    ransomware: bool = False
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerability:
    """One CVE as one source describes it, or as all of them do together (`merge`)."""

    id: str
    state: RecordState = RecordState.PUBLISHED
    aliases: tuple[str, ...] = ()
    scores: tuple[Score, ...] = ()
    cwes: tuple[str, ...] = ()
    description: str = ""
    epss: Exploitability | None = None
    kev: KnownExploit | None = None

    def merge(self, other: "Vulnerability") -> "Vulnerability":
        """Return the combination of both descriptions of a CVE; on a conflict, this one wins."""
        return Vulnerability(
            id=self.id,
            state=max(self.state, other.state, key=_STATE_ORDER.index),
            aliases=tuple(dict.fromkeys((*self.aliases, *other.aliases))),
            scores=tuple(dict.fromkeys((*self.scores, *other.scores))),
            cwes=tuple(dict.fromkeys((*self.cwes, *other.cwes))),
            description=self.description or other.description,
            epss=self.epss or other.epss,
            kev=self.kev or other.kev,
        )


_STATE_ORDER: Final = (RecordState.PUBLISHED, RecordState.DISPUTED, RecordState.REJECTED)
