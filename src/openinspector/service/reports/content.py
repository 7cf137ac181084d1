"""What a report says, typed, whatever it is laid out as.

Texts are printable. Which of them a host wrote no longer matters: renderers escape all of them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from openinspector.model.finding import Attribute, Severity
from openinspector.model.report import ReportType
from openinspector.model.run_state import AssessmentRunState

SeverityCounts = Mapping[Severity, int]
"""How many findings; a severity that does not occur has no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRun:
    """The run a report is about."""

    arn: str
    name: str
    state: AssessmentRunState
    template: str
    target: str
    selected_by: tuple[Attribute, ...]
    """The tags of the target's resource group; empty where it selects every instance."""
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration_seconds: int
    """For how long at most data were to be collected."""
    user_attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What to do, and how many findings that would close."""

    recommendation: str
    severities: SeverityCounts

    @property
    def count(self) -> int:
        """How many findings it would close."""
        return sum(self.severities.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPackage:
    """A rules package of the run."""

    name: str
    version: str
    provider: str
    description: str
    counts: SeverityCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFeed:
    """A source of advisories that is held when the report is made."""

    name: str
    advisories: int
    published_at: datetime | None
    """How old the publisher says they are; None where it does not say."""
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedInstance:
    """A host that took part in the run."""

    agent_id: str
    hostname: str
    system: str
    address: str
    counts: SeverityCounts
    exclusions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedExclusion:
    """Checks that could not be completed for one reason, and where."""

    title: str
    description: str
    recommendation: str
    instances: tuple[str, ...]
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One finding of a rule: on which instance."""

    finding: str
    """The last part of its ARN."""
    agent_id: str
    hostname: str
    user_attributes: tuple[Attribute, ...]
    """Those that are not on every finding of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Instances on which a rule found something for the same reason."""

    evidence: str
    attributes: tuple[Attribute, ...]
    occurrences: tuple[Occurrence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Findings of a rule in the same words."""

    description: str
    recommendation: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFindings:
    """Everything a rule found in one severity."""

    rule_id: str
    title: str
    package: str
    severity: Severity
    count: int
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRule:
    """How a rule came out: on how many instances, and on which where it did not pass."""

    title: str
    package: str
    severity: Severity
    passed: int
    detected: int
    unable: int
    not_applicable: int
    detected_on: tuple[str, ...]
    """At most `MOST_NAMED` of them, as in the following."""
    unable_on: tuple[str, ...]


MOST_NAMED: Final = 50
MOST_REMEDIES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """Everything a report says, in the order in which it says it."""

    type: ReportType
    made_at: datetime
    made_by: str
    """Name and version of the program."""
    run: ReportedRun
    packages: tuple[ReportedPackage, ...]
    feeds: tuple[ReportedFeed, ...]
    instances: tuple[ReportedInstance, ...]
    exclusions: tuple[ReportedExclusion, ...]
    findings: tuple[RuleFindings, ...]
    rules: tuple[ReportedRule, ...]
    """Every rule that was checked; empty in a finding report."""

    @property
    def title(self) -> str:
        """What the report is called."""
        return "Full report" if self.type is ReportType.FULL else "Finding report"

    @property
    def counts(self) -> SeverityCounts:
        """Findings of the run by severity, all five keys."""
        return {
            severity: sum(found.count for found in self.findings if found.severity is severity) for severity in Severity
        }

    @property
    def total(self) -> int:
        """How many findings there are."""
        return sum(found.count for found in self.findings)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The remedies that would close most, the most severe first; one that closes a single finding is none."""
        closes: dict[str, Counter[Severity]] = {}
        for found in self.findings:
            for case in found.cases:
                counts = closes.setdefault(case.recommendation, Counter())
                counts[found.severity] += sum(len(proof.occurrences) for proof in case.proofs)
        ordered = sorted(closes.items(), key=lambda item: [-item[1][severity] for severity in Severity])
        found_more = [Remedy(recommendation=text, severities=counts) for text, counts in ordered]
        return tuple(remedy for remedy in found_more if remedy.count > 1)[:MOST_REMEDIES]

    @property
    def affected(self) -> int:
        """On how many instances something was found."""
        return sum(1 for instance in self.instances if sum(instance.counts.values()))
