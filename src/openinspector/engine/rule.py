"""Rule and Outcome: one security check, and the closed sum of its results.

``Detected`` becomes findings, ``Unable`` an exclusion; ``Passed`` and ``NotApplicable`` are counted for the full
report. An exception in a rule becomes ``Unable`` and never ends the run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.engine.subject import Need
from openinspector.model.evidence import Evidence
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.facts import HostFacts
from openinspector.model.finding import AnyBody, Severity
from openinspector.model.ground import Ground
from openinspector.model.record import Record
from openinspector.model.tailoring import AS_PUBLISHED, Tailoring

if TYPE_CHECKING:  # rules for telemetry alone start without the network's model
    from openinspector.network.judged_network import JudgedNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One issue on one host. ``subject`` distinguishes the detections of one rule on one host."""

    subject: str
    body: AnyBody
    """The issue as values, without the host: hosts with the same issue may share it (ADR 66)."""
    issue: str = ""
    """Stable name of the issue for waivers, independent of wording and release: ``debian_12/5.1.20``. Empty for the
    name that the body has, such as a CVE, else the rule's."""
    grounds: tuple[Ground, ...] = ()
    """The values that the detection rests on; empty if the body has them (`openinspector.engine.grounds`). A waiver
    ends when one that it holds changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePart:
    """The outcome of one of the requirements that a rule judges: a control of a benchmark."""

    name: str
    """The ``issue`` of its detections: ``debian_12/5.1.20``."""
    title: str
    """Number and title: ``5.1.20 sshd's PermitRootLogin is no``."""
    outcome: OutcomeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """The rule found issues: one finding for each detection."""

    detections: tuple[Detection, ...]
    unfinished: "Unable | None" = None
    """Incomplete part of the check: an exclusion in addition to the findings."""
    parts: tuple[RulePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The rule checked the host and found no issue."""

    evidence: Evidence
    unfinished: "Unable | None" = None
    """Incomplete part of the check: an exclusion in addition to the pass (ADR 23)."""
    parts: tuple[RulePart, ...] = ()


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
    parts: tuple[RulePart, ...] = ()


Outcome = Detected | Passed | NotApplicable | Unable


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """Input of a rule besides the host's facts: the index of advisories, the network, and the site's choices."""

    advisories: AdvisoryIndex = field(default_factory=AdvisoryIndex.empty)
    single_by_products: bool = False
    """True: a package without vulnerable code is part of each CVE's finding, instead of one finding of its own."""
    network: "JudgedNetwork | None" = None
    """The network around the subject, for rules that declare to read ``operations``."""
    tailoring: Tailoring = AS_PUBLISHED
    """The template's choices for benchmarks."""


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
    """Sensors that must have run before the rule can be evaluated; none if the rule needs no agent."""
    evaluate: Callable[[HostFacts, RuleContext], Outcome]
    attributes: tuple[str, ...] = ()
    """Keys of the attributes that its findings may carry; ``*`` stands for any ending, as in ``CVSS3_SCORE*``."""
    judges_packages: bool = False
    """True if it holds installed packages against advisories: the run then has a coverage (ADR 66)."""
    linux_only: bool = False
    """True if the rule does not apply to Windows, as all of Security Best Practices (F5.62)."""
    optional_sensors: tuple[str, ...] = ()
    """Sensors whose records the rule reads if the run has them; it can be evaluated without."""
    operations: tuple[str, ...] = ()
    """Operations of the cloud's API whose results it reads, as the files of a snapshot are named."""

    @property
    def needs(self) -> frozenset[Need]:
        """The kinds of data without which it cannot be evaluated: they follow from what it reads."""
        read = ((Need.TELEMETRY, self.sensors), (Need.SNAPSHOT, self.operations))
        return frozenset(need for need, names in read if names)
