"""Rule and Outcome: one security check, and the closed sum of what it can say.

``Detected`` becomes findings, ``Unable`` an exclusion; ``Passed`` and ``NotApplicable`` are counted for the full
report. An exception in a rule becomes ``Unable``, never a lost run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from openinspector.engine.evidence import Evidence
from openinspector.engine.match import AdvisoryIndex
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Attribute, Severity
from openinspector.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One thing found on one host. ``subject`` tells detections of one rule on one host apart."""

    subject: str
    rule_id: str
    """What the finding's ``id`` and the ruleNames filter carry (F6.11)."""
    title: str
    description: str
    recommendation: str
    severity: Severity
    evidence: Evidence
    attributes: tuple[Attribute, ...] = ()
    """Beside INSTANCE_ID, which the engine adds to every finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """The rule found something: one finding per detection."""

    detections: tuple[Detection, ...]
    unfinished: "Unable | None" = None
    """What could not be looked at besides: an exclusion beside the findings, never silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The rule looked and found nothing."""

    evidence: Evidence
    unfinished: "Unable | None" = None
    """What it has no knowledge to judge, beside what it judged: an exclusion beside the pass (ADR 0023)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicable:
    """The rule does not concern this host: no sshd installed, another processor."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unable:
    """The rule could not be completed: an exclusion of ``kind`` for this host."""

    kind: ExclusionKind
    reason: str
    recommendation: str


Outcome = Detected | Passed | NotApplicable | Unable


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What a rule may know beside the host: the advisories in force, indexed."""

    advisories: AdvisoryIndex = field(default_factory=AdvisoryIndex.empty)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One security check."""

    name: str
    """Equal to its file's name."""
    title: str
    """Heading in the vendor's wording, the default ``rule_id`` of its findings."""
    severity: Severity
    description: str
    recommendation: str
    reads: tuple[type[Record], ...]
    """The only record kinds ``evaluate`` may look at."""
    sensors: tuple[str, ...]
    """Sensors that must have run for the rule to say anything."""
    evaluate: Callable[[HostFacts, RuleContext], Outcome]
    linux_only: bool = False
    """Whether it says nothing of a Windows host, as all of Security Best Practices (F5.62)."""
