"""Rule and Outcome: one security check, and the closed sum of its results.

``Detected`` becomes findings, ``Unable`` an exclusion; ``Passed`` and ``NotApplicable`` are counted for the full
report. An exception in a rule becomes ``Unable`` and never ends the run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from openinspector.engine.evidence import Evidence
from openinspector.engine.match import AdvisoryIndex
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Attribute, Severity
from openinspector.model.ground import Ground
from openinspector.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One issue on one host. ``subject`` distinguishes the detections of one rule on one host."""

    subject: str
    rule_id: str
    """The finding's ``id``, which the ruleNames filter compares with (F6.11)."""
    title: str
    description: str
    recommendation: str
    severity: Severity
    evidence: Evidence
    attributes: tuple[Attribute, ...] = ()
    """Attributes in addition to INSTANCE_ID, which the engine adds to every finding."""
    issue: str = ""
    """Stable name of the issue for waivers, independent of wording and release: ``CVE-2024-6387``,
    ``debian_12/5.1.20``; empty for the rule's name."""
    grounds: tuple[Ground, ...] = ()
    """The values that the detection rests on. A waiver ends when one that it holds changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """The rule found issues: one finding for each detection."""

    detections: tuple[Detection, ...]
    unfinished: "Unable | None" = None
    """Incomplete part of the check: an exclusion in addition to the findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The rule checked the host and found no issue."""

    evidence: Evidence
    unfinished: "Unable | None" = None
    """Incomplete part of the check: an exclusion in addition to the pass (ADR 23)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicable:
    """The rule does not apply to this host: sshd is not installed, or the processor is another one."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unable:
    """The rule could not be completed: an exclusion of ``kind`` for this host."""

    kind: ExclusionKind
    reason: str
    recommendation: str
    also: "tuple[Unable, ...]" = ()
    """Further reasons, each of its own kind and without an ``also`` of its own."""


Outcome = Detected | Passed | NotApplicable | Unable


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """Input of a rule besides the host's facts: the index of advisories, and the site's choices."""

    advisories: AdvisoryIndex = field(default_factory=AdvisoryIndex.empty)
    single_by_products: bool = False
    """True: a package without vulnerable code is part of each CVE's finding, instead of one finding of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One security check."""

    name: str
    """The name of its file."""
    title: str
    """The vendor's heading; the default ``rule_id`` of its findings."""
    severity: Severity
    description: str
    recommendation: str
    reads: tuple[type[Record], ...]
    """The only record kinds that ``evaluate`` may read."""
    sensors: tuple[str, ...]
    """Sensors that must have run before the rule can be evaluated."""
    evaluate: Callable[[HostFacts, RuleContext], Outcome]
    attributes: tuple[str, ...] = ()
    """Keys of the attributes that its findings may carry; ``*`` stands for any ending, as in ``CVSS3_SCORE*``."""
    linux_only: bool = False
    """True if the rule does not apply to Windows, as all of Security Best Practices (F5.62)."""
