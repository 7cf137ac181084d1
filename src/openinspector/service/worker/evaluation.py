"""Evaluates hosts of a run: opens their telemetry in memory, calls the pure engine, stores the results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog

from openinspector.engine.asset import asset_of, asset_of_instance
from openinspector.engine.bounds import MAX_TEXT, fit
from openinspector.engine.coverage import PackageCoverage, coverage_of
from openinspector.engine.evaluate import HostEvaluation, RunEvaluation, evaluate, no_issues_finding
from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.engine.rule import Rule, RuleContext
from openinspector.engine.subject import EvaluationSubject, Need
from openinspector.model.agent import Agent, AgentHealth, AgentId
from openinspector.model.arn import RulesPackageArn
from openinspector.model.assessment import AssessmentRun
from openinspector.model.asset import AssetAttributes
from openinspector.model.cloud_instance import CloudInstance
from openinspector.model.errors import ModelError
from openinspector.model.exclusion import (
    Exclusion,
    ExclusionKind,
    ExclusionPreview,
    exclusion_of,
    exclusions_of,
    scopes_of,
)
from openinspector.model.facts import HostFacts
from openinspector.model.finding import Severity, id_width
from openinspector.service.app.instance_directory import InstanceDirectory
from openinspector.service.app.run_agents import NO_INSTANCES, agent_not_installed, instance_gone
from openinspector.service.app.run_needs import RunNeeds
from openinspector.service.app.telemetry import Telemetry
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.finding_store import FindingFilter, FindingStore
from openinspector.service.ports.page import PageRequest
from openinspector.service.ports.rule_result_store import CheckedRule, RuleResultStore
from openinspector.service.worker.account_gaps import unread_accounts
from openinspector.service.worker.advisories import AdvisoryCache
from openinspector.service.worker.coverage_recorder import CoverageRecorder, CoveredHost
from openinspector.service.worker.run_driver import BatchResult, HostBatch
from openinspector.service.worker.run_networks import RunNetworks
from openinspector.service.worker.template_choices import TemplateChoices
from openinspector.wire.facts import FactsTooLargeError

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvaluator:
    """The run driver's `Evaluator`. ARNs of findings and exclusions are derived, so storing them twice is harmless."""

    agents: AgentStore
    findings: FindingStore
    rule_results: RuleResultStore
    coverage: CoverageRecorder
    telemetry: Telemetry
    advisories: AdvisoryCache
    rules: Mapping[RulesPackageArn, Sequence[Rule]]
    needs: RunNeeds
    networks: RunNetworks
    instances: InstanceDirectory
    plan: Callable[[AssessmentRun], Sequence[ExclusionPreview]]
    """Returns the exclusions of types 1 to 7, which are known before collection."""
    clock: Clock
    choices: TemplateChoices
    single_by_products: bool = False
    """As `RuleContext.single_by_products`."""

    def begin(self, run: AssessmentRun) -> int:
        """Store the exclusions known before collection and return how many of them are errors."""
        previews = self.plan(run)
        self.findings.add_exclusions(exclusions_of(run.arn, previews))
        return sum(preview.kind.is_error for preview in previews)

    def exclude_gaps(self, run: AssessmentRun, subjects: Sequence[AgentId]) -> int:
        """Store exclusions for accounts that could not be read, and for a run without subjects."""
        needs = self.needs.of(run.rules_package_arns)
        if Need.SNAPSHOT not in needs:
            return 0
        previews = [] if subjects else [NO_INSTANCES]
        seen = self.networks.open(run.arn)
        previews += map(instance_gone, seen.gone)
        previews += unread_accounts(seen.gaps, self._reading_snapshots(run))
        self.findings.add_exclusions(exclusions_of(run.arn, previews))
        return sum(preview.kind.is_error for preview in previews)

    def _reading_snapshots(self, run: AssessmentRun) -> list[RulesPackageArn]:
        return [arn for arn in run.rules_package_arns if Need.SNAPSHOT in self.needs.of([arn])]

    def evaluate(self, run: AssessmentRun, batch: HostBatch) -> BatchResult:
        """Evaluate the hosts and instances of ``batch`` and store the results, in four transactions."""
        known = {agent.id: agent for agent in self.agents.agents_by_id(batch.agents)}
        covered: list[CoveredHost] = []
        excluded: list[Exclusion] = []
        evaluate_host = self._evaluating(run, batch.run_hosts)
        around = self.networks.open(run.arn) if Need.SNAPSHOT in self.needs.of(run.rules_package_arns) else None
        instances = around.instances if around is not None else self.instances.by_id()
        # One host's facts at a time: each may be as large as the limits allow.
        for agent_id in batch.agents:
            agent = known.get(agent_id)
            read = self._telemetry_of(run, batch, agent_id, agent)
            if isinstance(read, ExclusionPreview):
                excluded.append(exclusion_of(run.arn, read))
                read = None
            subject = EvaluationSubject(
                id=agent_id, host=read if agent else None, network=None if around is None else around.network
            )
            if subject.known:
                covered.append(evaluate_host(subject, self._asset(subject, agent, instances)))
            del read, subject
        evaluated = [host.evaluation for host in covered]
        for parts, hosts in (_by_parts(evaluated) or {(): ()}).items():
            self.rule_results.record(run.arn, (*self._checked(run), *parts), _outcomes(hosts))
        self.coverage.record(run.arn, [host for host in covered if host.packages])
        self.findings.add_findings([finding for host in evaluated for finding in host.findings])
        self.choices.end(end for host in evaluated for end in host.waiver_ends)
        for host in evaluated:
            interrupted = host.agent_id in batch.interrupted
            excluded += [_blame_stop(one) if interrupted else one for one in host.exclusions]
        self.findings.add_exclusions(excluded)
        return BatchResult(
            hosts=len(batch.agents),
            assessed=_assessed(evaluated),
            errors=sum(exclusion.preview.kind.is_error for exclusion in excluded),
        )

    def exclude_stopped(self, run: AssessmentRun, agents: Sequence[AgentId]) -> None:
        """Store an exclusion for each of ``agents``: the user stopped the run before it sent telemetry."""
        self.findings.add_exclusions(exclusions_of(run.arn, [_stopped(agent) for agent in agents]))

    def finish(self, run: AssessmentRun, assessed: Mapping[str, int]) -> None:
        """Add a finding for each package that assessed hosts and has no findings (F5.6)."""
        settled = self._run(run, 1, (), self.clock.now())
        for package in run.rules_package_arns:
            found = self.findings.list_findings(
                FindingFilter(run_arns=(run.arn,), rules_package_arns=(package,)), PageRequest(limit=1)
            )
            nothing = None if found.rows else no_issues_finding(settled, package, assessed.get(package, 0))
            if nothing is not None:
                self.findings.add_findings([nothing])

    def _checked(self, run: AssessmentRun) -> tuple[CheckedRule, ...]:
        """Return the rules of a run in the order in which they are evaluated on every host."""
        return tuple(
            CheckedRule(rules_package_arn=arn, name=rule.name, title=rule.title, severity=rule.severity)
            for arn in run.rules_package_arns
            for rule in self.rules.get(arn, ())
        )

    def _telemetry_of(
        self, run: AssessmentRun, batch: HostBatch, agent_id: AgentId, agent: Agent | None
    ) -> HostFacts | ExclusionPreview | None:
        """Return the facts of a host or the reason why there are none; None if the run expects none of it."""
        if Need.TELEMETRY not in self.needs.of(run.rules_package_arns):
            return None
        if agent_id in batch.without.get(Need.TELEMETRY, ()):
            return agent_not_installed(agent_id) if agent is None else None
        return self._facts(run, agent_id, agent, interrupted=agent_id in batch.interrupted)

    @staticmethod
    def _asset(
        subject: EvaluationSubject, agent: Agent | None, instances: Mapping[AgentId, CloudInstance]
    ) -> AssetAttributes:
        instance = instances.get(AgentId(subject.id))
        if agent is not None:
            return asset_of(subject.facts, agent, instance)
        return AssetAttributes(agent_id=subject.id) if instance is None else asset_of_instance(instance)

    def _facts(
        self, run: AssessmentRun, agent_id: AgentId, agent: Agent | None, *, interrupted: bool
    ) -> HostFacts | ExclusionPreview:
        try:
            facts = self.telemetry.facts_of(run.arn, agent_id)
        except FactsTooLargeError as error:
            return _too_large(agent_id, str(error))
        except Exception as error:  # noqa: BLE001 - the other hosts must still be evaluated
            _log.exception("evaluation telemetry unreadable", run=run.arn, agent=agent_id)
            return _unreadable(agent_id, type(error).__name__)
        if facts.sensors:
            return facts
        if agent is None or agent.health(self.clock.now()) is not AgentHealth.HEALTHY:
            return _silent(agent_id)
        return _stopped(agent_id) if interrupted else _unreadable(agent_id, "none arrived")

    def _evaluating(
        self, run: AssessmentRun, hosts: int
    ) -> Callable[[EvaluationSubject, AssetAttributes], CoveredHost]:
        """Return the evaluation of one subject, with one advisory index for all hosts of a distribution."""
        now = self.clock.now()
        by_distribution: dict[str, RunEvaluation] = {}

        judges_packages = any(
            rule.judges_packages for arn in run.rules_package_arns for rule in self.rules.get(arn, ())
        )

        def evaluate_host(subject: EvaluationSubject, asset: AssetAttributes) -> CoveredHost:
            name = subject.facts.distribution
            if name not in by_distribution:
                by_distribution[name] = self._run(run, hosts, (name,) if name else (), now)
            evaluation = evaluate(by_distribution[name], subject, asset)
            judged = judges_packages and subject.host is not None
            packages = _coverage(subject.facts, by_distribution[name].context.advisories) if judged else ()
            return CoveredHost(evaluation=evaluation, packages=packages)

        return evaluate_host

    def _run(self, run: AssessmentRun, hosts: int, distributions: Sequence[str], now: datetime) -> RunEvaluation:
        return RunEvaluation(
            run_arn=run.arn,
            rules={arn: self.rules[arn] for arn in run.rules_package_arns if arn in self.rules},
            context=RuleContext(
                advisories=self.advisories.index_for(distributions),
                single_by_products=self.single_by_products,
                tailoring=self.choices.tailoring_of(run.template_arn),
            ),
            waivers=self.choices.waivers_of(run.template_arn),
            now=now,
            user_attributes=run.user_attributes,
            id_width=id_width(hosts),
        )


def _coverage(facts: HostFacts, advisories: AdvisoryIndex) -> tuple[PackageCoverage, ...]:
    """Return the conclusion on each package; none if the facts cannot be judged, which the rule's exclusion reports."""
    try:
        return coverage_of(facts, advisories)
    except ModelError:
        _log.exception("evaluation coverage failed", agent=facts.agent_id)
        return ()


def _outcomes(evaluated: Sequence[HostEvaluation]) -> dict[AgentId, list[OutcomeKind]]:
    return {
        AgentId(host.agent_id): [result.outcome for result in (*host.rule_results, *host.parts)] for host in evaluated
    }


def _by_parts(evaluated: Sequence[HostEvaluation]) -> Mapping[tuple[CheckedRule, ...], Sequence[HostEvaluation]]:
    """Return the hosts by the parts of rules that were judged on them: hosts of one benchmark share theirs."""
    found: dict[tuple[CheckedRule, ...], list[HostEvaluation]] = {}
    for host in evaluated:
        parts = tuple(
            CheckedRule(
                rules_package_arn=part.rules_package_arn,
                name=part.rule,
                title=part.title,
                severity=Severity.MEDIUM,
            )
            for part in host.parts
        )
        found.setdefault(parts, []).append(host)
    return found


def _assessed(evaluated: Sequence[HostEvaluation]) -> dict[str, int]:
    """Return for each package the number of hosts on which at least one rule could be completed."""
    assessed: dict[str, int] = {}
    for host in evaluated:
        spoke = {r.rules_package_arn for r in host.rule_results if r.outcome is not OutcomeKind.UNABLE}
        for package in spoke:
            assessed[package] = assessed.get(package, 0) + 1
    return assessed


_RUN_AGAIN: Final = "Start the run again and let it end by itself, or stop it later."


def _stopped(agent_id: AgentId) -> ExclusionPreview:
    return ExclusionPreview(
        kind=ExclusionKind.RUN_STOPPED,
        description=f"The run was stopped by its user before the agent of instance {agent_id} sent telemetry.",
        recommendation=_RUN_AGAIN,
        scopes=scopes_of(agent_id),
    )


def _blame_stop(exclusion: Exclusion) -> Exclusion:
    """Return the exclusion of a host whose telemetry is incomplete because the user stopped the run."""
    preview = exclusion.preview
    if preview.kind is not ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE:
        return exclusion
    return exclusion_of(
        exclusion.run_arn,
        replace(
            preview,
            kind=ExclusionKind.RUN_STOPPED,
            description=fit(
                "The run was stopped by its user before the host had sent all telemetry. " + preview.description,
                MAX_TEXT,
            ),
            recommendation=_RUN_AGAIN,
        ),
    )


def _silent(agent_id: AgentId) -> ExclusionPreview:
    return ExclusionPreview(
        kind=ExclusionKind.AGENT_UNHEALTHY,
        description=f"The agent of instance {agent_id} stopped sending heartbeats and sent no telemetry in this run.",
        recommendation="Check the agent on the host with `openinspector agent status`, then start the run again.",
        scopes=scopes_of(agent_id),
    )


def _too_large(agent_id: AgentId, why: str) -> ExclusionPreview:
    return ExclusionPreview(
        kind=ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE,
        description=f"Instance {agent_id} was not assessed because of the amount of its telemetry: {why}.",
        recommendation="Look for what the host sends with `openinspector agent collect --dry-run`. If it is genuine, "
        "raise OPENINSPECTOR_MAX_HOST_RECORDS or OPENINSPECTOR_MAX_HOST_MEBIBYTES, or shorten the run.",
        scopes=scopes_of(agent_id),
    )


def _unreadable(agent_id: AgentId, why: str) -> ExclusionPreview:
    return ExclusionPreview(
        kind=ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE,
        description=f"The telemetry of instance {agent_id} could not be evaluated: {why}.",
        recommendation="Start the run again. If this happens again, look for the cause in the service's log.",
        scopes=scopes_of(agent_id),
    )
