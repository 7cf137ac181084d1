"""Gathers the content of a report from the stores, one page of findings at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from openinspector import __version__
from openinspector.engine.coverage import NOT_ASSESSED, Verdict
from openinspector.model.agent import Agent
from openinspector.model.arn import RulesPackageArn, target_of
from openinspector.model.assessment import AssessmentRun, ResourceGroup
from openinspector.model.exclusion import Exclusion
from openinspector.model.finding import Attribute, Finding
from openinspector.model.foreign_text import printable
from openinspector.model.report import ReportType
from openinspector.model.rules_package import RulesPackage
from openinspector.service.app.coverage import RunCoverage, run_coverage
from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.coverage_store import CoverageStore
from openinspector.service.ports.finding_store import FindingFilter, FindingStore
from openinspector.service.ports.page import Cursor, PageRequest
from openinspector.service.ports.rule_result_store import RuleResultStore
from openinspector.service.reports.builder import ReportBuilder
from openinspector.service.reports.content import (
    ReportContent,
    ReportedCoverage,
    ReportedFeed,
    ReportedGap,
    ReportedInstance,
    ReportedPackage,
    ReportedRun,
)

_PAGE: Final = 1000
_AGENTS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContents:
    """Reads everything that a report contains."""

    assessments: AssessmentStore
    agents: AgentStore
    findings: FindingStore
    rule_results: RuleResultStore
    coverage: CoverageStore
    rules_packages: tuple[RulesPackage, ...]
    clock: Clock

    def gather(self, run: AssessmentRun, type_: ReportType, feeds: Sequence[FeedSnapshot]) -> ReportContent:
        """Return the content of a report of ``run`` now; ``feeds`` are the loaded advisories."""
        names = {package.arn: f"{package.name}-{package.version}" for package in self.rules_packages}
        frame = ReportContent(
            type=type_,
            made_at=self.clock.now(),
            made_by=f"openinspector {__version__}",
            run=self._run(run),
            packages=self._packages(run, names),
            feeds=tuple(_feed(snapshot) for snapshot in feeds),
            instances=tuple(self._instances(run)),
            coverage=_coverage(run_coverage(self.coverage, run.arn)),
            exclusions=(),
            findings=(),
            rules=(),
        )
        builder = ReportBuilder(frame, {str(arn): name for arn, name in names.items()})
        for finding in self._findings(run):
            builder.add_finding(finding)
        for exclusion in self._exclusions(run):
            builder.add_exclusion(exclusion)
        tallies = self.rule_results.tallies(run.arn)
        builder.add_benchmarks(tallies)
        if type_ is ReportType.FULL:
            builder.add_rules(tallies)
        return builder.build()

    def _run(self, run: AssessmentRun) -> ReportedRun:
        templates = self.assessments.templates_by_arn([run.template_arn])
        targets = self.assessments.targets_by_arn([target_of(run.arn)])
        groups = self.assessments.resource_groups_by_arn(
            [target.resource_group_arn for target in targets.values() if target.resource_group_arn is not None]
        )
        return ReportedRun(
            arn=run.arn,
            name=printable(run.name),
            state=run.state,
            template=printable(next((one.name for one in templates.values()), run.template_arn)),
            target=printable(next((one.name for one in targets.values()), target_of(run.arn))),
            selected_by=tuple(tag for group in groups.values() for tag in _tags(group)),
            created_at=run.created_at,
            started_at=run.started_at,
            completed_at=run.completed_at,
            duration_seconds=run.duration_seconds,
            user_attributes=run.user_attributes,
        )

    def _packages(self, run: AssessmentRun, names: Mapping[RulesPackageArn, str]) -> tuple[ReportedPackage, ...]:
        known = {package.arn: package for package in self.rules_packages}
        return tuple(
            ReportedPackage(
                name=names.get(arn, arn),
                version=known[arn].version if arn in known else "",
                provider=known[arn].provider if arn in known else "",
                description=known[arn].description if arn in known else "This rules package is not offered any more.",
                counts={},
            )
            for arn in run.rules_package_arns
        )

    def _instances(self, run: AssessmentRun) -> Iterator[ReportedInstance]:
        ids = self.assessments.run_agents(run.arn)
        for start in range(0, len(ids), _AGENTS):
            wanted = ids[start : start + _AGENTS]
            known = {agent.id: agent for agent in self.agents.agents_by_id(wanted)}
            for agent_id in wanted:
                yield _instance(agent_id, known.get(agent_id))

    def _findings(self, run: AssessmentRun) -> Iterator[Finding]:
        after: Cursor | None = None
        while True:
            page = self.findings.list_findings(
                FindingFilter(run_arns=(run.arn,)), PageRequest(limit=_PAGE, after=after)
            )
            found = self.findings.findings_by_arn(page.rows)
            yield from (found[arn] for arn in page.rows if arn in found)
            after = page.next
            if after is None:
                return

    def _exclusions(self, run: AssessmentRun) -> Iterator[Exclusion]:
        arns = self.findings.list_exclusions(run.arn, None, _PAGE)
        while arns:
            yield from self.findings.exclusions_by_arn(arns).values()
            arns = self.findings.list_exclusions(run.arn, arns[-1], _PAGE)


def _tags(group: ResourceGroup) -> Iterator[Attribute]:
    for tag in group.tags:
        yield Attribute(key=printable(tag.key), value=printable(tag.value) if tag.value else None)


def _coverage(found: RunCoverage) -> ReportedCoverage | None:
    if not found.counts:
        return None
    verdicts = (Verdict.AFFECTED, Verdict.NOT_AFFECTED)
    gaps = sorted(
        ((count, reason) for reason, count in found.counts.items() if reason not in verdicts),
        key=lambda gap: (-gap[0], gap[1]),
    )
    return ReportedCoverage(
        affected=found.counts.get(Verdict.AFFECTED, 0),
        not_affected=found.counts.get(Verdict.NOT_AFFECTED, 0),
        not_assessed=tuple(ReportedGap(reason=NOT_ASSESSED.get(reason, reason), packages=n) for n, reason in gaps),
        scored=found.scored,
        unscored=found.unscored,
        score_sources=tuple(f"{feed} of {date[:10]}" for feed, date in found.score_sources.items()),
    )


def _feed(snapshot: FeedSnapshot) -> ReportedFeed:
    return ReportedFeed(
        name=snapshot.feed,
        advisories=snapshot.advisories,
        published_at=snapshot.published_at,
        fetched_at=snapshot.fetched_at,
    )


def _instance(agent_id: str, agent: Agent | None) -> ReportedInstance:
    return ReportedInstance(
        agent_id=agent_id,
        hostname=printable(agent.host.hostname) if agent else "",
        system=printable(agent.host.operating_system or agent.host.distribution) if agent else "",
        address=printable(agent.host.ipv4_address) if agent else "",
        counts={},
        exclusions=0,
    )
