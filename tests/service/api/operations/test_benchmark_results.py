import pytest
from tests.service.api.operations.caller import Caller

from openinspector.engine.outcome_kind import OutcomeKind
from openinspector.model.agent import AgentId
from openinspector.model.finding import Severity
from openinspector.service.ports.rule_result_store import CheckedRule
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES


@pytest.fixture
def run(call: Caller) -> str:
    call.built.heartbeat(1)
    return call.run(call.template(call.target()))


def test_the_controls_of_a_run_are_counted(call: Caller, run: str) -> None:
    assert call("GetBenchmarkResults", assessmentRunArn=run) == {"benchmarks": []}
    rule = CheckedRule(
        rules_package_arn=PACKAGES[0].arn,
        name="debian_12/5.1.20",
        title="5.1.20 sshd's PermitRootLogin is no",
        severity=Severity.MEDIUM,
    )
    call.built.stores.rule_results.record(run, [rule], {AgentId("i-1"): [OutcomeKind.WAIVED]})  # type: ignore[arg-type]
    (found,) = call("GetBenchmarkResults", assessmentRunArn=run)["benchmarks"]
    counts = {"passed": 0, "failed": 0, "waived": 1, "notJudged": 0, "notApplicable": 0}
    control = {"number": "5.1.20", "title": "sshd's PermitRootLogin is no", "counts": counts, "failedOn": ["i-1"]}
    assert found == {
        "benchmarkId": "debian_12",
        "product": "Debian Linux 12",
        "version": "1.1.0",
        "instances": 1,
        "counts": counts,
        "sections": [{"section": "5", "counts": counts}],
        "controls": [control],
    }


def test_a_run_that_does_not_exist(call: Caller) -> None:
    refused = call.refusal("GetBenchmarkResults", assessmentRunArn=builders.run(9).arn)
    assert refused == ("NoSuchEntityException", "ASSESSMENT_RUN_DOES_NOT_EXIST")
