"""One host in a run: its findings, the rules that found nothing, and those that could not be judged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.agent import Agent, AgentId
from openinspector.model.arn import RulesPackageArn, RunArn
from openinspector.model.assessment import AssessmentRun
from openinspector.model.exclusion import ALL_INSTANCES, ExclusionKind, ExclusionPreview, Scope, exclusion_of, scopes_of
from openinspector.model.finding import Severity
from openinspector.service.app import arguments
from openinspector.service.app.errors import InvalidInput
from openinspector.service.app.issues import RecentSummaries
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.coverage_store import CoverageStore, HostCoverage
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.rule_result_store import CheckedRule, RuleResultStore

_LOOKED_THROUGH: Final = 20
"""Newest completed runs among which the last one with the host is searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInRun:
    """A host and its result in one run."""

    id: AgentId
    agent: Agent | None
    """None for an instance without an agent, and for a host whose agent was revoked."""
    run: AssessmentRun | None
    """None if the host took part in none of the newest completed runs."""
    counts: Mapping[Severity, int]
    outcomes: Mapping[RulesPackageArn, Counter[OutcomeKind]]
    not_judged: Sequence[CheckedRule]
    """Rules that could not be judged on the host, by rules package and name."""
    exclusions: Sequence[ExclusionPreview]
    """Of the host, and of the run's target as a whole."""
    coverage: HostCoverage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Reads one host."""

    assessments: AssessmentStore
    agents: AgentStore
    findings: FindingStore
    rule_results: RuleResultStore
    coverage: CoverageStore
    summaries: RecentSummaries

    def get(self, agent_id: str, run_arn: str) -> HostInRun:
        """Return a host in a run, by default in the last completed one with it; InvalidInput, NoSuchEntity."""
        host = AgentId(agent_id)
        agent = next(iter(self.agents.agents_by_id([host])), None)
        run = arguments.existing_run(self.assessments, run_arn) if run_arn else self._last_run(host)
        if agent is None and (run is None or not self._takes_part(run.arn, host)):
            raise InvalidInput("INVALID_AGENT_ID", f"There is no host {agent_id!r}.")
        if run is None:
            return HostInRun(
                id=host, agent=agent, run=None, counts={}, outcomes={}, not_judged=(), exclusions=(), coverage=None
            )
        results = self.rule_results.of_host(run.arn, host)
        outcomes: dict[RulesPackageArn, Counter[OutcomeKind]] = {}
        for rule, outcome in results.items():
            outcomes.setdefault(rule.rules_package_arn, Counter())[outcome] += 1
        not_judged = [rule for rule, outcome in results.items() if outcome is OutcomeKind.UNABLE]
        return HostInRun(
            id=host,
            agent=agent,
            run=run,
            counts=self._counts(run.arn, host),
            outcomes=dict(sorted(outcomes.items())),
            not_judged=sorted(not_judged, key=lambda rule: (rule.rules_package_arn, rule.name)),
            exclusions=self._exclusions(run, host),
            coverage=self.coverage.host(run.arn, host),
        )

    def _last_run(self, host: AgentId) -> AssessmentRun | None:
        recent = self.summaries.recent(_LOOKED_THROUGH)
        last = next((run for run in recent if self._takes_part(run, host)), None)
        return self.assessments.runs_by_arn([last]).get(last) if last is not None else None

    def _takes_part(self, run: RunArn, host: AgentId) -> bool:
        return self.assessments.state_for(run, host) is not None or host in self.assessments.run_instances(run)

    def _counts(self, run: RunArn, host: AgentId) -> Mapping[Severity, int]:
        summary = self.summaries.get(run)
        hosts = summary.content.hosts if summary is not None else ()
        return next((one.counts for one in hosts if one.agent_id == host), {})

    def _exclusions(self, run: AssessmentRun, host: AgentId) -> list[ExclusionPreview]:
        """Return the exclusions of a host. Their ARNs follow from type and scopes, so that few are read."""
        packages = run.rules_package_arns
        scopes: list[tuple[Scope, ...]] = [(ALL_INSTANCES,), scopes_of(host)]
        scopes += [scopes_of(agent, package) for package in packages for agent in (host, None)]
        wanted = [
            exclusion_of(run.arn, ExclusionPreview(kind=kind, description="", recommendation="", scopes=one)).arn
            for kind, one in product(ExclusionKind, scopes)
        ]
        found = self.findings.exclusions_by_arn(wanted)
        return [found[arn].preview for arn in wanted if arn in found]
