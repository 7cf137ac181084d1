"""Runs, targets and templates that are stopped, overlap, or are managed by Terraform."""

from typing import Any, Final

import pytest
from tests.api_compat.assessments import make_template, refused, start_run
from tests.api_compat.endpoint import Endpoint

from openinspector.model.assessment import StopAction
from openinspector.model.run_state import IN_PROGRESS, TERMINAL, AssessmentRunState
from openinspector.testing import model_builders as builders

_S = AssessmentRunState
WAY_TO: Final = {
    **{state: tuple(tuple(_S)[1 : place + 1]) for place, state in enumerate(_S) if state in IN_PROGRESS},
    _S.FAILED: (_S.FAILED,),
    _S.ERROR: (_S.ERROR,),
    _S.CANCELED: (_S.CANCELED,),
    _S.COMPLETED: (*tuple(_S)[1:8], _S.COMPLETED),
    _S.COMPLETED_WITH_ERRORS: (*tuple(_S)[1:8], _S.COMPLETED_WITH_ERRORS),
}
"""The states a run enters one after another to come to each."""


@pytest.mark.parametrize("action", [*StopAction, None])
@pytest.mark.parametrize("state", list(_S))
def test_a_run_is_stopped_in_every_state(
    endpoint: Endpoint, client: Any, state: AssessmentRunState, action: StopAction | None
) -> None:
    """The driver of a run in progress is signalled; a run that has ended does not change."""
    run = start_run(client, make_template(client))
    endpoint.built.reached(run, *WAY_TO[state])
    before = len(endpoint.built.workflows.signals)
    client.stop_assessment_run(assessmentRunArn=run, **({"stopAction": action.value} if action else {}))
    stored = endpoint.built.stores.assessments.runs_by_arn([run])[run]
    wanted = action or StopAction.START_EVALUATION
    assert stored.state is state
    assert stored.stop_action is (None if state in TERMINAL else wanted)
    assert [str(wanted)] * (state in IN_PROGRESS) == [one[2] for one in endpoint.built.workflows.signals[before:]]


@pytest.mark.parametrize(("agents", "truncated"), [(1, False), (10, False), (11, True)])
def test_busy_agents_are_named_up_to_ten(endpoint: Endpoint, client: Any, agents: int, *, truncated: bool) -> None:
    for number in range(agents):
        endpoint.built.heartbeat(number)
    template = make_template(client)
    run = start_run(client, template)
    answer = refused(client, "start_assessment_run", assessmentTemplateArn=template)
    assert [busy["assessmentRunArn"] for busy in answer["agents"]] == [run] * min(agents, 10)
    assert (answer["agentsTruncated"], answer["canRetry"]) == (truncated, True)
    endpoint.built.end_run(run)
    start_run(client, template)


def test_findings_are_hidden_until_their_run_ends(endpoint: Endpoint, client: Any) -> None:
    """Neither listed nor described nor changed (F4.36, F6.21); all of it afterwards, however the run ended."""
    template = make_template(client)
    earlier = start_run(client, template, assessmentRunName="earlier")
    endpoint.built.complete_run(earlier)
    run = start_run(client, template)
    known, found = builders.finding(1, earlier), builders.finding(2, run)
    endpoint.built.produced(known, found)
    missing = {found.arn: {"failureCode": "ITEM_DOES_NOT_EXIST", "retryable": False}}
    both = {"findingArns": [known.arn, found.arn]}

    def answers() -> list[Any]:
        described = client.describe_findings(**both)
        return [
            client.list_findings()["findingArns"],
            client.list_findings(assessmentRunArns=[run])["findingArns"],
            [one["arn"] for one in described["findings"]],
            described["failedItems"],
            client.add_attributes_to_findings(**both, attributes=[{"key": "seen"}])["failedItems"],
            client.remove_attributes_from_findings(**both, attributeKeys=["other"])["failedItems"],
        ]

    assert answers() == [[known.arn], [], [known.arn], missing, missing, missing]
    assert endpoint.built.stores.findings.findings_by_arn([found.arn]) == {found.arn: found}
    endpoint.built.end_run(run)
    assert answers() == [both["findingArns"], [found.arn], both["findingArns"], {}, {}, {}]
