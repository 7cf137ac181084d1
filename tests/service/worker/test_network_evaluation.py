"""A run over telemetry and a snapshot: an instance with an agent, one without, and rules of both kinds."""

import json
from dataclasses import replace
from pathlib import Path

from tests.service.gateway_world import RUN, envelope
from tests.service.worker.test_evaluation import PACKAGE, RULE, Evaluation

from openinspector.engine.subject import Need
from openinspector.model.agent import AgentId
from openinspector.model.exclusion import ExclusionKind
from openinspector.model.finding import Finding
from openinspector.model.run_state import AssessmentRunState
from openinspector.network.snapshot import ReadGap, snapshot_of
from openinspector.rules.network_reachability.reachable_port import RULES
from openinspector.service.app.run_needs import needs_by_package
from openinspector.service.app.snapshot_vault import RunSnapshot, SnapshotVault
from openinspector.service.ports.finding_store import FindingFilter
from openinspector.service.ports.page import PageRequest
from openinspector.service.worker.run_driver import HostBatch
from openinspector.testing import model_builders as builders
from openinspector.testing.network_builders import documents, two_vpcs

NETWORK = builders.rules_package_arn(2)
WITH_AGENT, WITHOUT = AgentId("i-00000001"), AgentId("i-00000003")


class NetworkEvaluation(Evaluation):
    """An evaluator of host and network rules, for a run whose snapshot has two VPCs."""

    def __init__(self, folder: Path, *gaps: ReadGap) -> None:
        super().__init__(folder)
        self.world.agents._agents[WITH_AGENT] = builders.agent(id=WITH_AGENT)
        self.beat(WITH_AGENT)
        self.world.runs.add(RUN, AssessmentRunState.COLLECTING_DATA, WITH_AGENT)
        self.run = replace(self.run, rules_package_arns=(PACKAGE, NETWORK))
        rules = {PACKAGE: (RULE,), NETWORK: RULES}
        self.evaluator = replace(self.evaluator, rules=rules, needs=needs_by_package(rules))
        renamed = json.loads(json.dumps(two_vpcs()).replace('"i-', '"i-0000000'))
        snapshot = snapshot_of(documents(renamed), gaps, self.world.clock.now())
        vault = SnapshotVault(self.world.objects, self.world.keys)
        assert vault.put(RUN, RunSnapshot(snapshot=snapshot, instances=(WITH_AGENT, WITHOUT)))

    def found(self) -> dict[tuple[str, str], Finding]:
        """Evaluate both instances; return the findings by instance and name."""
        self.world.telemetry.ingest(WITH_AGENT, envelope(agent=WITH_AGENT))
        without = {Need.TELEMETRY: frozenset({WITHOUT})}
        self.evaluator.evaluate(self.run, HostBatch(agents=(WITH_AGENT, WITHOUT), run_hosts=2, without=without))
        arns = self.findings.list_findings(FindingFilter(run_arns=(RUN,)), PageRequest(limit=100)).rows
        every = self.findings.findings_by_arn(arns).values()
        return {(one.asset.agent_id, one.rule_id): one for one in every}


def test_finding_names_the_listener_that_telemetry_shows(tmp_path: Path) -> None:
    found = NetworkEvaluation(tmp_path).found()
    assert (WITH_AGENT, "Recognized port with listener reachable from internet") in found
    assert (WITH_AGENT, "Recognized port reachable from internet") not in found
    assert (WITHOUT, "Recognized port reachable from a Peered VPC") in found


def test_instance_without_agent_is_excluded_from_rules_that_need_one(tmp_path: Path) -> None:
    evaluation = NetworkEvaluation(tmp_path)
    evaluation.found()
    excluded = {(one.kind, scope.value) for one in evaluation.exclusions() for scope in one.scopes}
    assert (ExclusionKind.AGENT_NOT_FOUND, WITHOUT) in excluded
    assert (ExclusionKind.AGENT_NOT_FOUND, WITH_AGENT) not in excluded


def test_region_that_could_not_be_read_is_an_exclusion_of_the_network_package(tmp_path: Path) -> None:
    gap = ReadGap(account="210987654321", region="eu-west-2", reason="AccessDenied")
    evaluation = NetworkEvaluation(tmp_path, gap)
    assert evaluation.evaluator.exclude_gaps(evaluation.run, (WITH_AGENT, WITHOUT)) == 1
    (excluded,) = evaluation.exclusions()
    assert excluded.kind is ExclusionKind.REACHABILITY_INTERNET
    assert "account 210987654321, region eu-west-2: AccessDenied" in excluded.description
    assert [scope.value for scope in excluded.scopes] == [NETWORK]
