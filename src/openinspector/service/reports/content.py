"""The content of a report, independent of its format.

Texts are printable. Renderers escape all of them, whether or not they come from a host.
"""

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
class ReportedRemedy:
    """A remedy in a line, and the number of findings that it closes."""

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
    """An instance with findings."""

    findings: tuple[str, ...]
    """The last parts of their ARNs."""
    agent_id: str
    hostname: str
    user_attributes: tuple[Attribute, ...]
    """Attributes that not every finding of the run has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Instances with findings for the same reason."""

    evidence: str
    attributes: tuple[Attribute, ...]
    hosts: tuple[ReportedHost, ...]
    picture: PathPicture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFinding:
    """Findings with the same description and recommendation."""

    description: str
    """Empty for vulnerabilities, of which each has a row, and for controls, whose heading states it."""
    recommendation: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedIssue:
    """A vulnerability that a remedy closes."""

    rule_id: str
    severity: Severity
    score: str
    """CVSS base score that decides; may be empty, as the following."""
    epss: str
    exploited: bool
    """True if CISA lists it as exploited in the wild."""
    fixed: str
    """Newest version that fixes it."""
    summary: str
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyFindings:
    """The findings of a rules package that one remedy closes."""

    heading: str
    """The remedy in a line: ``linux-libc-dev ≥ 6.1.192-1``, or the rule's id."""
    title: str
    """May be empty."""
    package: str
    severity: Severity
    """The most severe of its findings."""
    counts: SeverityCounts
    issues: tuple[ReportedIssue, ...]
    """Most severe first; empty if the findings are about configuration."""
    findings: tuple[ReportedFinding, ...]

    @property
    def count(self) -> int:
        """Number of findings."""
        return sum(self.counts.values())


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
    findings: tuple[RemedyFindings, ...]
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
        return {severity: sum(found.counts.get(severity, 0) for found in self.findings) for severity in Severity}

    @property
    def total(self) -> int:
        """Number of findings."""
        return sum(found.count for found in self.findings)

    @property
    def remedies(self) -> tuple[ReportedRemedy, ...]:
        """The remedies that close more than one finding: those that close the most High ones, then the most."""
        ordered = sorted(self.findings, key=lambda found: (-found.counts.get(Severity.HIGH, 0), -found.count))
        found_more = [ReportedRemedy(recommendation=found.heading, severities=found.counts) for found in ordered]
        return tuple(remedy for remedy in found_more if remedy.count > 1)[:MOST_REMEDIES]

    @property
    def affected(self) -> int:
        """Number of instances with findings."""
        return sum(1 for instance in self.instances if sum(instance.counts.values()))
