"""Exclusions of hosts whose telemetry is missing or incomplete."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.service.gateway_world import AGENT, OTHER_AGENT, RUN, World, envelope

from openinspector.engine.completeness import unable
from openinspector.engine.rule import Outcome, Rule
from openinspector.model.agent import AgentHealthCode, AgentId, HostDescription
from openinspector.model.exclusion import ExclusionKind, ExclusionPreview
from openinspector.model.finding import Severity
from openinspector.model.inventory import Package
from openinspector.service.app.coverage_vault import CoverageVault
from openinspector.service.app.instance_directory import InstanceDirectory
from openinspector.service.app.run_needs import needs_by_package
from openinspector.service.app.snapshot_vault import SnapshotVault
from openinspector.service.ports.agent_store import Contact
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_stores
from openinspector.service.worker.advisories import AdvisoryCache
from openinspector.service.worker.coverage_recorder import CoverageRecorder
from openinspector.service.worker.evaluation import RunEvaluator
from openinspector.service.worker.run_driver import BatchResult, HostBatch
from openinspector.service.worker.run_networks import RunNetworks
from openinspector.service.worker.template_choices import TemplateChoices
from openinspector.testing import model_builders as builders
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore
from openinspector.testing.memory_assessment_store import MemoryAssessmentStore
from openinspector.testing.memory_coverage_store import MemoryCoverageStore
from openinspector.testing.memory_finding_store import MemoryFindingStore
from openinspector.testing.memory_rule_result_store import MemoryRuleResultStore

PACKAGE = builders.rules_package_arn()


def _without_sshd(*_arguments: object) -> Outcome:
    return unable("The host sent nothing from the sensor sshd_configuration.")


RULE = Rule(
    name="ssh_root_login",
    title="Disable root login over SSH",
    severity=Severity.MEDIUM,
    description="d",
    recommendation="r",
    reads=(Package,),
    sensors=("sshd_configuration",),
    evaluate=_without_sshd,
)


class Evaluation:
    """An evaluator over a gateway's telemetry, and a run of two hosts that send heartbeats."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder=folder)
        for agent in (AGENT, OTHER_AGENT):
            self.world.agents._agents[agent] = builders.agent(id=agent)
        self.beat(AGENT, OTHER_AGENT)
        self.run = replace(self.world.runs.runs[RUN], rules_package_arns=(PACKAGE,))
        self.coverage = MemoryCoverageStore()
        self.findings = MemoryFindingStore(MemoryAssessmentStore())
        self.stores = open_stores(Settings(data_dir=folder / "stores"))
        self.evaluator = RunEvaluator(
            agents=self.world.agents,
            findings=self.findings,
            rule_results=MemoryRuleResultStore(),
            coverage=CoverageRecorder(
                coverage=self.coverage,
                vault=CoverageVault(self.world.objects, self.world.keys, secrets.token_bytes),
                advisories=MemoryAdvisoryStore(),
            ),
            telemetry=self.world.telemetry,
            advisories=AdvisoryCache(MemoryAdvisoryStore(), {}),
            rules={PACKAGE: (RULE,)},
            needs=needs_by_package({PACKAGE: (RULE,)}),
            networks=RunNetworks(SnapshotVault(self.world.objects, self.world.keys)),
            instances=InstanceDirectory(None, self.world.clock),
            plan=lambda _run: (),
            clock=self.world.clock,
            choices=TemplateChoices(waivers=self.stores.waivers, tailorings=self.stores.tailorings),
        )

    def beat(self, *agents: AgentId) -> None:
        """Record a heartbeat of each of ``agents``."""
        for agent in agents:
            contact = Contact(
                agent_id=agent,
                at=self.world.clock.now(),
                host=HostDescription(),
                health_code=AgentHealthCode.IDLE,
                health_details="",
                heartbeat_interval=timedelta(seconds=60),
            )
            self.world.agents.record_contacts([contact])

    def evaluate(self, *agents: AgentId, interrupted: Sequence[AgentId] = ()) -> BatchResult:
        """Evaluate ``agents`` in one batch."""
        return self.evaluator.evaluate(
            self.run, HostBatch(agents=agents, run_hosts=2, interrupted=frozenset(interrupted))
        )

    def exclusions(self) -> list[ExclusionPreview]:
        """Return everything excluded so far, by ARN."""
        arns = self.findings.list_exclusions(RUN, None, 100)
        return [exclusion.preview for exclusion in self.findings.exclusions_by_arn(arns).values()]


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    return Evaluation(tmp_path)


def test_a_healthy_host_without_telemetry_is_an_error(evaluation: Evaluation) -> None:
    assert evaluation.evaluate(AGENT).errors == 1
    (found,) = evaluation.exclusions()
    assert found.kind is ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE


def test_an_unhealthy_host_without_telemetry_is_excluded_as_unhealthy(evaluation: Evaluation) -> None:
    evaluation.world.clock.advance(1000)
    assert evaluation.evaluate(AGENT, interrupted=[AGENT]).errors == 0
    (found,) = evaluation.exclusions()
    assert found.kind is ExclusionKind.AGENT_UNHEALTHY


def test_a_host_without_telemetry_in_a_stopped_run_names_the_stop(evaluation: Evaluation) -> None:
    result = evaluation.evaluate(AGENT, interrupted=[AGENT])
    (found,) = evaluation.exclusions()
    assert (result.errors, result.assessed, found.kind) == (0, {}, ExclusionKind.RUN_STOPPED)
    assert f"stopped by its user before the agent of instance {AGENT}" in found.description
    assert "log" not in found.recommendation


def test_incomplete_telemetry_in_a_stopped_run_names_the_stop_and_the_rules(evaluation: Evaluation) -> None:
    for agent in (AGENT, OTHER_AGENT):
        evaluation.world.telemetry.ingest(agent, envelope(agent=agent))
    result = evaluation.evaluate(AGENT, OTHER_AGENT, interrupted=[AGENT])
    found = {exclusion.kind: exclusion for exclusion in evaluation.exclusions()}
    assert result.errors == 1
    assert found.keys() == {ExclusionKind.RUN_STOPPED, ExclusionKind.EVALUATION_ERROR_SINGLE_INSTANCE}
    stopped = found[ExclusionKind.RUN_STOPPED]
    assert stopped.description.startswith("The run was stopped by its user")
    assert RULE.title in stopped.description
    assert [scope.value for scope in stopped.scopes] == [AGENT, PACKAGE]
    assert "root" not in stopped.recommendation


def test_a_run_stopped_before_any_telemetry_excludes_every_host_once(evaluation: Evaluation) -> None:
    for _ in range(2):
        evaluation.evaluator.exclude_stopped(evaluation.run, [AGENT, OTHER_AGENT])
    found = evaluation.exclusions()
    assert {exclusion.kind for exclusion in found} == {ExclusionKind.RUN_STOPPED}
    assert {exclusion.scopes[0].value for exclusion in found} == {AGENT, OTHER_AGENT}
