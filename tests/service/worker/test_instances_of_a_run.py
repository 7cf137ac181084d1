"""Exclusions of instances that a run could not judge."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.service.gateway_world import AGENT
from tests.service.worker.test_evaluation import PACKAGE, Evaluation

from openinspector.engine.subject import Need
from openinspector.model.agent import AgentId
from openinspector.model.exclusion import ExclusionKind
from openinspector.network.snapshot import ReadGap, snapshot_of
from openinspector.service.app.run_needs import RunNeeds
from openinspector.service.app.snapshot_vault import RunSnapshot, SnapshotVault
from openinspector.testing.fake_clock import EPOCH

GONE = AgentId("i-0123456789abcdef3")


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    return Evaluation(tmp_path)


def test_terminated_instance_is_an_exclusion_and_no_error(evaluation: Evaluation) -> None:
    vault = SnapshotVault(evaluation.world.objects, evaluation.world.keys)
    gap = ReadGap(account="111122223333", reason="AccessDenied")
    vault.put(evaluation.run.arn, RunSnapshot(snapshot=snapshot_of((), (gap,), EPOCH), instances=(), gone=(GONE,)))
    needs = RunNeeds(by_package={PACKAGE: frozenset({Need.SNAPSHOT})})
    errors = replace(evaluation.evaluator, needs=needs).exclude_gaps(evaluation.run, [AGENT])
    found = [(one.kind, one.description) for one in evaluation.exclusions()]
    assert {kind for kind, _ in found} == {ExclusionKind.AGENT_NOT_FOUND, ExclusionKind.REACHABILITY_INTERNET}
    assert errors == 1, "the account that could not be read"
    (terminated,) = [text for kind, text in found if kind is ExclusionKind.AGENT_NOT_FOUND]
    assert GONE in terminated
