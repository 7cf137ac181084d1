"""Judges hosts of a run: opens their telemetry in memory, calls the pure engine, stores what it found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from openinspector.engine.asset import asset_of
from openinspector.engine.evaluate import (
    HostEvaluation,
    OutcomeKind,
    RunEvaluation,
    evaluate,
    no_issues_finding,
)
from openinspector.engine.rule import Rule, RuleContext
from openinspector.model.agent import Agent, AgentHealth, AgentId
from openinspector.model.arn import RulesPackageArn, RunArn, exclusion_arn
from openinspector.model.assessment import AssessmentRun
from openinspector.model.exclusion import Exclusion, ExclusionKind, ExclusionPreview, Scope, ScopeKey
from openinspector.model.facts import HostFacts
from openinspector.model.finding import LONG_ID, derived_id, id_width
from openinspector.service.app.telemetry import Telemetry
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.finding_store import FindingFilter, FindingStore
from openinspector.service.ports.page import PageRequest
from openinspector.service.ports.rule_result_store import CheckedRule, RuleResultStore
from openinspector.service.worker.advisories import AdvisoryShelf
from openinspector.service.worker.run_driver import BatchResult

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvaluator:
    """The run driver's `Evaluator`. Findings and exclusions have derived ARNs: doing it again changes nothing."""

    agents: AgentStore
    findings: FindingStore
    rule_results: RuleResultStore
    telemetry: Telemetry
    advisories: AdvisoryShelf
    rules: Mapping[RulesPackageArn, Sequence[Rule]]
    plan: Callable[[AssessmentRun], Sequence[ExclusionPreview]]
    """The exclusions of types 1 to 7 that are known before a run collects."""
    clock: Clock

    def begin(self, run: AssessmentRun) -> int:
        """Store the exclusions known before collection; returns how many of them are errors."""
        previews = self.plan(run)
        self.findings.add_exclusions([_exclusion(run.arn, preview) for preview in previews])
        return sum(preview.kind.is_error for preview in previews)

    def evaluate(self, run: AssessmentRun, agents: Sequence[AgentId], *, run_hosts: int) -> BatchResult:
        """Evaluate ``agents`` and store the outcome, in three transactions."""
        known = {agent.id: agent for agent in self.agents.agents_by_id(agents)}
        facts: dict[AgentId, HostFacts] = {}
        excluded: list[Exclusion] = []
        for agent_id in agents:
            read = self._facts(run, agent_id, known.get(agent_id))
            if isinstance(read, HostFacts):
                facts[agent_id] = read
            else:
                excluded.append(_exclusion(run.arn, read))
        evaluated = self._judge(run, run_hosts, facts, known)
        self.rule_results.record(run.arn, self._checked(run), _outcomes(evaluated))
        self.findings.add_findings([finding for host in evaluated for finding in host.findings])
        excluded += [exclusion for host in evaluated for exclusion in host.exclusions]
        self.findings.add_exclusions(excluded)
        return BatchResult(
            hosts=len(agents),
            assessed=_assessed(evaluated),
            errors=sum(exclusion.preview.kind.is_error for exclusion in excluded),
        )

    def finish(self, run: AssessmentRun, assessed: Mapping[str, int]) -> None:
        """Say of each package that looked at hosts and found nothing that it did (F5.6)."""
        settled = self._run(run, 1, (), self.clock.now())
        for package in run.rules_package_arns:
            found = self.findings.list_findings(
                FindingFilter(run_arns=(run.arn,), rules_package_arns=(package,)), PageRequest(limit=1)
            )
            nothing = None if found.rows else no_issues_finding(settled, package, assessed.get(package, 0))
            if nothing is not None:
                self.findings.add_findings([nothing])

    def _checked(self, run: AssessmentRun) -> tuple[CheckedRule, ...]:
        """Return the rules of a run in the order in which every host is judged by them."""
        return tuple(
            CheckedRule(rules_package_arn=arn, name=rule.name, title=rule.title, severity=rule.severity)
            for arn in run.rules_package_arns
            for rule in self.rules.get(arn, ())
        )

    def _facts(self, run: AssessmentRun, agent_id: AgentId, agent: Agent | None) -> HostFacts | ExclusionPreview:
        try:
            facts = self.telemetry.facts_of(run.arn, agent_id)
        except Exception as error:  # noqa: BLE001 - one host's telemetry must not cost the others' evaluation
            _log.exception("evaluation telemetry unreadable", run=run.arn, agent=agent_id)
            return _unreadable(agent_id, type(error).__name__)
        if facts.sensors:
            return facts
        if agent is None or agent.health(self.clock.now()) is not AgentHealth.HEALTHY:
            return _silent(agent_id)
        return _unreadable(agent_id, "none arrived")

    def _judge(
        self, run: AssessmentRun, hosts: int, facts: Mapping[AgentId, HostFacts], known: Mapping[AgentId, Agent]
    ) -> list[HostEvaluation]:
        distributions = sorted({host.distribution for host in facts.values() if host.distribution})
        settled = self._run(run, hosts, distributions, self.clock.now())
        return [
            evaluate(settled, host, asset_of(host, known[agent_id]))
            for agent_id, host in facts.items()
            if agent_id in known
        ]

    def _run(self, run: AssessmentRun, hosts: int, distributions: Sequence[str], now: datetime) -> RunEvaluation:
        return RunEvaluation(
            run_arn=run.arn,
            rules={arn: self.rules[arn] for arn in run.rules_package_arns if arn in self.rules},
            context=RuleContext(advisories=self.advisories.index_for(distributions)),
            now=now,
            user_attributes=run.user_attributes,
            id_width=id_width(hosts),
        )


def _outcomes(evaluated: Sequence[HostEvaluation]) -> dict[AgentId, list[OutcomeKind]]:
    return {AgentId(host.agent_id): [result.outcome for result in host.rule_results] for host in evaluated}


def _assessed(evaluated: Sequence[HostEvaluation]) -> dict[str, int]:
    """Return for each package of how many hosts at least one rule could say something."""
    assessed: dict[str, int] = {}
    for host in evaluated:
        spoke = {r.rules_package_arn for r in host.rule_results if r.outcome is not OutcomeKind.UNABLE}
        for package in spoke:
            assessed[package] = assessed.get(package, 0) + 1
    return assessed


def _exclusion(run: RunArn, preview: ExclusionPreview) -> Exclusion:
    scopes = [f"{scope.key}={scope.value}" for scope in preview.scopes]
    return Exclusion(
        arn=exclusion_arn(run, derived_id(run, preview.kind.name, *scopes, width=LONG_ID)),
        run_arn=run,
        preview=preview,
    )


def _silent(agent_id: AgentId) -> ExclusionPreview:
    return ExclusionPreview(
        kind=ExclusionKind.AGENT_UNHEALTHY,
        description=f"The agent of instance {agent_id} fell silent and sent no telemetry in this run.",
        recommendation="Check the agent on the host with `openinspector agent status`, then run the assessment again.",
        scopes=(Scope(key=ScopeKey.INSTANCE_ID, value=agent_id),),
    )


def _unreadable(agent_id: AgentId, why: str) -> ExclusionPreview:
    return ExclusionPreview(
        kind=ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE,
        description=f"The telemetry of instance {agent_id} could not be evaluated: {why}.",
        recommendation="Run the assessment again; if it happens again, look at the service's log and report it.",
        scopes=(Scope(key=ScopeKey.INSTANCE_ID, value=agent_id),),
    )
