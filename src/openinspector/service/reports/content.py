"""The content of a report, independent of its format.

Texts are printable. Renderers escape all of them, whether or not they come from a host.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from openinspector.model.finding import Attribute, Severity
from openinspector.model.path_picture import PathPicture
from openinspector.model.report import ReportType
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.reports.benchmarks import BenchmarkTally

SeverityCounts = Mapping[Severity, int]
"""Number of findings by severity; a severity without findings has no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRun:
    """The run that a report is about."""

    arn: str
    name: str
    state: AssessmentRunState
    template: str
    target: str
    selected_by: tuple[Attribute, ...]
    """The tags of the target's resource group; empty if the target selects every instance."""
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    duration_seconds: int
    """Longest time of data collection."""
    user_attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A recommendation and the number of findings that it closes."""

    recommendation: str
    severities: SeverityCounts

    @property
    def count(self) -> int:
        """Number of findings that it closes."""
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
    """A feed whose advisories are loaded when the report is made."""

    name: str
    advisories: int
    published_at: datetime | None
    """The publisher's date; None if it gives none."""
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedGap:
    """Packages that were not assessed for one reason."""

    reason: str
    packages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCoverage:
    """The number of packages by conclusion, and of vulnerability findings with and without a score."""

    affected: int
    not_affected: int
    not_assessed: tuple[ReportedGap, ...]
    """Most packages first."""
    scored: int
    unscored: int
    score_sources: tuple[str, ...]
    """Feeds of scores with the date of their data; empty if none was loaded."""

    @property
    def total(self) -> int:
        """Number of packages."""
        return self.affected + self.not_affected + sum(gap.packages for gap in self.not_assessed)


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
    """Checks that could not be completed for one reason, with their instances and packages."""

    title: str
    description: str
    recommendation: str
    instances: tuple[str, ...]
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedHost:
    """An instance with a finding of a rule."""

    finding: str
    """The last part of its ARN."""
    agent_id: str
    hostname: str
    user_attributes: tuple[Attribute, ...]
    """Attributes that not every finding of the run has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Instances with a finding of a rule for the same reason."""

    evidence: str
    attributes: tuple[Attribute, ...]
    hosts: tuple[ReportedHost, ...]
    picture: PathPicture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFinding:
    """Findings of a rule with the same description and recommendation."""

    description: str
    recommendation: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFindings:
    """The findings of a rule in one severity."""

    rule_id: str
    title: str
    package: str
    severity: Severity
    count: int
    findings: tuple[ReportedFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRule:
    """The outcomes of a rule: numbers of instances, and the instances on which it did not pass."""

    title: str
    package: str
    severity: Severity
    passed: int
    detected: int
    unable: int
    not_applicable: int
    detected_on: tuple[str, ...]
    """At most `MOST_NAMED` instances, as in ``unable_on``."""
    unable_on: tuple[str, ...]


MOST_NAMED: Final = 50
MOST_REMEDIES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """The content of a report, in the order of its sections."""

    type: ReportType
    made_at: datetime
    made_by: str
    """Name and version of the program."""
    run: ReportedRun
    packages: tuple[ReportedPackage, ...]
    feeds: tuple[ReportedFeed, ...]
    coverage: ReportedCoverage | None
    """None if the run judged no packages."""
    instances: tuple[ReportedInstance, ...]
    exclusions: tuple[ReportedExclusion, ...]
    findings: tuple[RuleFindings, ...]
    benchmarks: tuple[BenchmarkTally, ...] = ()
    """How the controls of benchmarks came out."""
    rules: tuple[ReportedRule, ...]
    """The rules that were evaluated; empty in a finding report."""

    @property
    def title(self) -> str:
        """Title of the report."""
        return "Full report" if self.type is ReportType.FULL else "Finding report"

    @property
    def counts(self) -> SeverityCounts:
        """Number of findings by severity; all five keys."""
        return {
            severity: sum(found.count for found in self.findings if found.severity is severity) for severity in Severity
        }

    @property
    def total(self) -> int:
        """Number of findings."""
        return sum(found.count for found in self.findings)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The remedies that close more than one finding, most severe first."""
        closes: dict[str, Counter[Severity]] = {}
        for found in self.findings:
            for finding in found.findings:
                counts = closes.setdefault(finding.recommendation, Counter())
                counts[found.severity] += sum(len(proof.hosts) for proof in finding.proofs)
        ordered = sorted(closes.items(), key=lambda item: [-item[1][severity] for severity in Severity])
        found_more = [Remedy(recommendation=text, severities=counts) for text, counts in ordered]
        return tuple(remedy for remedy in found_more if remedy.count > 1)[:MOST_REMEDIES]

    @property
    def affected(self) -> int:
        """Number of instances with findings."""
        return sum(1 for instance in self.instances if sum(instance.counts.values()))
