"""Errors have the members the model requires, and codes it knows."""

from collections.abc import Mapping

import msgspec
import pytest

from openinspector.model.agent import AgentId
from openinspector.model.errors import ModelError, OpenInspectorError
from openinspector.service.api.errors import ApiError, api_error, coded, internal_error
from openinspector.service.api.model import load_model
from openinspector.service.app.errors import (
    AgentsBusy,
    InvalidInput,
    LimitExceeded,
    NoSuchEntity,
    ReportUnavailable,
    RunInProgress,
)
from openinspector.testing.model_builders import agent_id, run

ERRORS: Mapping[str, OpenInspectorError] = {
    "InvalidInputException": InvalidInput("INVALID_TAG", "no"),
    "NoSuchEntityException": NoSuchEntity("FINDING_DOES_NOT_EXIST", "no"),
    "LimitExceededException": LimitExceeded("ASSESSMENT_RUN_LIMIT_EXCEEDED", "no"),
    "UnsupportedFeatureException": ReportUnavailable("no"),
    "AssessmentRunInProgressException": RunInProgress((run().arn,)),
    "AgentsAlreadyRunningAssessmentException": AgentsBusy(((agent_id(), run().arn),)),
    "InternalException": internal_error(),
    "AccessDeniedException": coded("AccessDeniedException", "no", "ACCESS_DENIED_TO_FINDING"),
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_the_body_has_every_member_the_model_requires_and_no_other(name: str) -> None:
    shape = load_model().shapes[name]
    body = api_error(ERRORS[name]).body()
    assert body["__type"] == name
    assert set(shape.required) <= body.keys() - {"__type"} <= shape.members.keys()


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_codes_are_the_models(name: str) -> None:
    shapes = load_model().shapes
    if "errorCode" in shapes[name].members:
        assert api_error(ERRORS[name]).body()["errorCode"] in shapes[shapes[name].members["errorCode"]].enum


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_the_status_is_the_faults(name: str) -> None:
    assert api_error(ERRORS[name]).status == (500 if load_model().shapes[name].fault else 400)


@pytest.mark.parametrize(("count", "truncated"), [(0, False), (1, False), (10, False), (11, True)])
def test_ten_runs_are_named_at_most(count: int, truncated: bool) -> None:  # noqa: FBT001
    runs = tuple(run(number).arn for number in range(count))
    body = api_error(RunInProgress(runs)).body()
    assert (body["assessmentRunArns"], body["assessmentRunArnsTruncated"]) == (list(runs[:10]), truncated)


@pytest.mark.parametrize(("count", "truncated"), [(1, False), (10, False), (11, True)])
def test_ten_agents_are_named_at_most(count: int, truncated: bool) -> None:  # noqa: FBT001
    busy = tuple((AgentId(f"i-{number:08x}"), run().arn) for number in range(count))
    body = api_error(AgentsBusy(busy)).body()
    expected = [{"agentId": agent, "assessmentRunArn": arn} for agent, arn in busy[:10]]
    assert (body["agents"], body["agentsTruncated"]) == (expected, truncated)


def test_message_is_truncated_to_the_modelled_length() -> None:
    assert len(str(ApiError("X", "m" * 5000).body()["message"])) == 1000


def test_unexpected_error_reveals_no_details() -> None:
    answer = api_error(ModelError("/var/lib/secret"))
    assert (answer.exception, answer.status) == ("InternalException", 500)
    assert b"secret" not in msgspec.json.encode(answer.body())


def test_api_error_is_returned_unchanged() -> None:
    error = ApiError("SerializationException", "no JSON")
    assert api_error(error) is error
