"""Findings: severity, attributes, body, and an identity that is stable (F6.1 to F6.17).

A finding is a host and a body. A body is the issue as typed values, a closed sum; hosts with the same issue share one
(ADR 66). It names no host and holds no rendered text: `openinspector.engine.finding_text` renders title, description,
recommendation, attributes and evidence where they are read. Bodies are stored as JSON: a new field needs a default, a
renamed one a migration.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from openinspector.model.advisory import (
    Exploitability,
    FixState,
    KnownExploit,
    PackageKind,
    Priority,
    RecordState,
    Score,
)
from openinspector.model.arn import FindingArn, RulesPackageArn, RunArn, finding_arn
from openinspector.model.asset import AssetAttributes
from openinspector.model.evidence import Evidence
from openinspector.model.exposure import Exposure
from openinspector.model.inventory import PackageManager
from openinspector.model.path_picture import PathPicture


class Severity(StrEnum):
    """Severity of a finding; the value is the wire's (F6.13)."""

    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"
    INFORMATIONAL = "Informational"
    UNDEFINED = "Undefined"


NUMERIC_SEVERITY: Final[Mapping[Severity, float]] = MappingProxyType(
    {
        Severity.HIGH: 9.0,
        Severity.MEDIUM: 6.0,
        Severity.LOW: 3.0,
        Severity.INFORMATIONAL: 0.0,
        Severity.UNDEFINED: 0.0,
    }
)
"""A fixed number per label, not a score (F6.14, decisions)."""

CONFIDENCE: Final = 10
"""Confidence of every finding, as with the vendor (F6.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A key (1 to 128 characters) and an optional value (1 to 256), F6.6."""

    key: str
    value: str | None = None


INSTANCE: Final = "{instance}"
"""Stands for the instance's id in the templates of a `StatedIssue`."""


class FindingBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """Base of the kinds of body. Equal bodies are one body."""

    rule_id: str
    """Generic name of the issue: the rule's title or the CVE id (F6.11)."""
    severity: Severity


class AdvisoryReference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An advisory that the finding rests on."""

    id: str
    feed: str
    priority: Priority
    summary: str = ""
    """The part that is about the vulnerability."""
    url: str = ""
    day: str = ""
    """ISO 8601 day on which its feed was last complete; empty if the advisory is from no feed store."""


class InstalledVersion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A package in the package database."""

    name: str
    version: str
    architecture: str
    manager: PackageManager


class Comparison(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The statement of an advisory that says a package is affected, and the compared versions."""

    advisory: int
    """Place of the advisory in the body's ``advisories``."""
    stream: str
    kind: PackageKind
    name: str
    """The package as the advisory names it: the binary, or the source it was built from."""
    version: str
    """The version compared: the binary's, the source's or the running kernel's build."""
    fixed: str = ""
    """First version with the fix; empty if none is published."""
    state: FixState | None = None
    """The publisher's status, if it published no fix."""
    word: str = ""
    """The publisher's own word for the status."""
    inherited: bool = False
    """True if the statement is of the distribution that the host's rebuilds."""


class KernelState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which kernel runs, if the package is a kernel."""

    release: str = ""
    """As ``uname -r`` prints it; empty if unknown."""
    uname: str = ""
    """Release and version, as the host reports them."""
    runs: bool = False
    """True if the package is of the kernel that runs."""
    installed: bool = True
    """False if the running kernel's package was removed."""
    ready: InstalledVersion | None = None
    """A kernel on disk with the fix: the host needs a restart, not an update."""


class AffectedPackage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A package that a vulnerability affects."""

    package: InstalledVersion
    comparison: Comparison
    kernel: KernelState | None = None

    @property
    def version(self) -> str:
        """The version that is affected: the build that runs, if it is not the one on disk."""
        return self.comparison.version if self.kernel is not None and self.kernel.runs else self.package.version


class CveRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a CVE record, EPSS and KEV that a finding shows."""

    state: RecordState = RecordState.PUBLISHED
    epss: Exploitability | None = None
    kev: KnownExploit | None = None


class VulnerablePackages(FindingBody, frozen=True, kw_only=True, omit_defaults=True, tag="vulnerable_packages"):
    """One vulnerability of installed packages. ``rule_id`` is the CVE, or the advisory that names none."""

    is_cve: bool
    packages: tuple[AffectedPackage, ...]
    advisories: tuple[AdvisoryReference, ...]
    exposure: Exposure
    scores: tuple[Score, ...] = ()
    """The deciding score of each origin first."""
    cwes: tuple[str, ...] = ()
    record: CveRecord | None = None
    kernel_metapackages: tuple[str, ...] = ()
    """Packages that draw in the newest kernel: they are updated in place of the kernel's."""


class UpdateRestart(StrEnum):
    """Whether a host must restart for an update; the value is the attribute's."""

    YES = "yes"
    NO = "no"
    PENDING = "pending"
    """The update is installed and waits for nothing else."""


class WindowsUpdate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An update of Windows that has a fix."""

    name: str
    """``KB5035857``."""
    kind: str = ""
    """Microsoft's word: ``Monthly Rollup``."""
    supersedes: bool = True
    """False if Microsoft names no update that it supersedes."""


class WaitingUpdate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An update that has a fix, is on the disk and is not in force."""

    kb: str = ""
    package: str = ""
    """Name of the package in servicing."""
    state: int
    """State of the package in servicing."""


class VulnerableWindows(FindingBody, frozen=True, kw_only=True, omit_defaults=True, tag="vulnerable_windows"):
    """One vulnerability of Windows itself. ``rule_id`` is the CVE."""

    product: str
    """As Microsoft names it."""
    build: str
    """The build that runs: ``10.0.20348.2031``."""
    revision: int
    """The revision among those of its branch."""
    installation: str
    """``Client``, ``Server`` or ``Server Core``."""
    architecture: str = ""
    fixed: str
    """First build with the fix."""
    fixed_revision: int
    stated_for: str
    """The product as the advisory names it."""
    advisory: AdvisoryReference
    references: tuple[str, ...] = ()
    updates: tuple[WindowsUpdate, ...] = ()
    """Updates that have the fix, if the monthly documents are loaded."""
    waiting: WaitingUpdate | None = None
    restart: UpdateRestart = UpdateRestart.YES
    restart_pending: tuple[str, ...] = ()
    """Registry keys that show that Windows waits for a restart."""
    is_cumulative: bool = True
    """False before Windows 10, whose updates may have the fix without raising the revision."""
    scores: tuple[Score, ...] = ()
    """The deciding score of each origin first."""
    cwes: tuple[str, ...] = ()
    record: CveRecord | None = None


class OutdatedByProduct(FindingBody, frozen=True, kw_only=True, omit_defaults=True, tag="outdated_by_product"):
    """A package that lacks updates of its source and carries none of the vulnerable code."""

    package: InstalledVersion
    source: str
    """Name of the source package."""
    content: str
    """The content instead of the vulnerable code: ``kernel header files``."""
    policy: str
    """Where the distribution states that."""
    fixed: str = ""
    """Version that closes ``closed``; empty if no update is published."""
    closed: tuple[str, ...] = ()
    """Vulnerabilities that the update closes."""
    unfixed: tuple[str, ...] = ()
    """Vulnerabilities without a fix."""


class FailedControl(FindingBody, frozen=True, kw_only=True, omit_defaults=True, tag="failed_control"):
    """A control of a benchmark that the host does not meet, for one profile."""

    product: str
    version: str
    newer: str = ""
    """Newer version of the benchmark that CIS has published."""
    number: str
    title: str
    benchmark: str
    """The benchmark with the profile's title."""
    profile: str
    """Label of the profile."""
    remedy: str
    evidence: Evidence


class StatedIssue(FindingBody, frozen=True, kw_only=True, omit_defaults=True, tag="stated_issue"):
    """An issue in the words of its rule, which may be a plugin's and gone when the finding is read."""

    title: str
    """Template: `INSTANCE` stands for the instance's id, as in the other texts."""
    description: str
    recommendation: str
    evidence: Evidence | None = None
    attributes: tuple[Attribute, ...] = ()
    picture: PathPicture | None = None
    """The path through the network, of a port that can be reached."""


class NoIssues(FindingBody, frozen=True, kw_only=True, omit_defaults=True, tag="no_issues"):
    """A rules package has no finding in a run (F5.6)."""

    hosts: int
    """Number of hosts that could be assessed."""


AnyBody = VulnerablePackages | VulnerableWindows | OutdatedByProduct | FailedControl | StatedIssue | NoIssues
"""The closed sum."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A potential security issue found in a run on one host: the host, and a body that hosts may share.

    A run may have millions: no cycle can contain one, so the garbage collector need not visit them.
    """

    arn: FindingArn
    run_arn: RunArn
    rules_package_arn: RulesPackageArn
    body: AnyBody
    asset: AssetAttributes
    attributes: tuple[Attribute, ...]
    """Those of the host: INSTANCE_ID, waivers. `openinspector.engine.finding_text` adds the body's."""
    user_attributes: tuple[Attribute, ...] = ()
    created_at: datetime
    updated_at: datetime

    @property
    def rule_id(self) -> str:
        """Generic name of the issue (F6.11)."""
        return self.body.rule_id

    @property
    def severity(self) -> Severity:
        """Severity of the issue."""
        return self.body.severity


_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS: Final = tuple(first + second for second in _ALPHABET for first in _ALPHABET)
"""Two characters at a time, the lower one first: an id takes half as many divisions."""
SHORT_ID: Final = 8
LONG_ID: Final = 14
_SHORT_ENOUGH_HOSTS: Final = 25


def id_width(hosts: int) -> int:
    """Return the length of finding ids in a run over ``hosts`` hosts.

    8 characters hold 47 bits: with 25 hosts of 2,000 findings the probability of a collision is 6e-6. Larger runs use
    14 characters (83 bits), so that no finding is lost to a collision (decisions).
    """
    return SHORT_ID if hosts <= _SHORT_ENOUGH_HOSTS else LONG_ID


def derived_id(*parts: str, width: int = SHORT_ID) -> str:
    """Return ``0-`` and ``width`` characters of [0-9A-Za-z] derived from ``parts`` by SHA-256."""
    return _id_of(b"".join(map(_framed, parts)), width)


class FindingArns:
    """The ARNs of the findings of one rule on one host, derived from (run, rule, agent, subject) (decisions).

    A host may have thousands of findings of a rule: what they share is encoded once.
    """

    def __init__(self, run: RunArn, rule: str, agent: str, width: int) -> None:
        self._start = finding_arn(run, "")
        self._shared = b"".join(map(_framed, (run, rule, agent)))
        self._width = width

    def of(self, subject: str) -> FindingArn:
        """Return the ARN of the finding about a subject."""
        return FindingArn(self._start + _id_of(self._shared + _framed(subject), self._width))


def _framed(part: str) -> bytes:
    """Return a part with its length, so that no two lists of parts have the same bytes."""
    encoded = part.encode()
    return len(encoded).to_bytes(4, "big") + encoded


def _id_of(content: bytes, width: int) -> str:
    number = int.from_bytes(hashlib.sha256(content).digest(), "big")
    pairs = []
    for _ in range((width + 1) // 2):
        number, index = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[index])
    return "0-" + "".join(pairs)[:width]
