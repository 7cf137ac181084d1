"""What the service refuses, as boto3 tells its caller: exception, code, and the members beside them."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from tests.api_compat.steps import make_run, make_template

from openinspector.model.agent import AgentId
from openinspector.service.api.dispatch import built_operations
from openinspector.service.api.model import load_model
from openinspector.testing.installation import BuiltInstallation
from openinspector.testing.model_builders import run, template


def code_of(refusal: pytest.ExceptionInfo[ClientError]) -> tuple[str, object]:
    return refusal.value.response["Error"]["Code"], refusal.value.response.get("errorCode")


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("create_resource_group", {"resourceGroupTags": [{"key": "k"}] * 11}, "INVALID_NUMBER_OF_RESOURCE_GROUP_TAGS"),
        ("create_assessment_target", {"assessmentTargetName": "x" * 141}, "INVALID_ASSESSMENT_TARGET_NAME"),
        ("list_findings", {"maxResults": 0}, "INVALID_MAX_RESULTS"),
        ("list_findings", {"maxResults": 501}, "INVALID_MAX_RESULTS"),
        ("list_findings", {"nextToken": "nope"}, "INVALID_PAGINATION_TOKEN"),
        ("describe_findings", {"findingArns": ["a"] * 11}, "INVALID_NUMBER_OF_FINDING_ARNS"),
        ("describe_findings", {"findingArns": ["a"], "locale": "FR_FR"}, "INVALID_LOCALE"),
        ("list_assessment_runs", {"filter": {"states": ["DONE"]}}, "INVALID_ASSESSMENT_RUN_STATE"),
        ("stop_assessment_run", {"assessmentRunArn": "arn:aws:x"}, "INVALID_ASSESSMENT_RUN_ARN"),
    ],
)
def test_what_botocore_does_not_check_is_refused(
    client: Any, operation: str, arguments: dict[str, Any], expected: str
) -> None:
    with pytest.raises(client.exceptions.InvalidInputException) as refusal:
        getattr(client, operation)(**arguments)
    assert code_of(refusal) == ("InvalidInputException", expected)
    assert refusal.value.response["canRetry"] is False
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_what_does_not_exist(client: Any) -> None:
    target = client.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
    client.delete_assessment_target(assessmentTargetArn=target)
    with pytest.raises(client.exceptions.NoSuchEntityException) as refusal:
        client.delete_assessment_target(assessmentTargetArn=target)
    assert code_of(refusal) == ("NoSuchEntityException", "ASSESSMENT_TARGET_DOES_NOT_EXIST")


def test_names_are_taken_once(client: Any) -> None:
    client.create_assessment_target(assessmentTargetName="web")
    with pytest.raises(client.exceptions.InvalidInputException) as refusal:
        client.create_assessment_target(assessmentTargetName="web")
    assert code_of(refusal) == ("InvalidInputException", "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN")


def test_a_run_in_progress_is_kept(client: Any) -> None:
    started = make_run(client)
    with pytest.raises(client.exceptions.AssessmentRunInProgressException) as refusal:
        client.delete_assessment_target(assessmentTargetArn=started.split("/template")[0])
    assert refusal.value.response["assessmentRunArns"] == [started]
    assert refusal.value.response["assessmentRunArnsTruncated"] is False


def test_a_host_is_in_one_run_at_a_time(client: Any, built: BuiltInstallation) -> None:
    hosts = [built.heard(number).id for number in range(1, 13)]
    nightly = make_template(client)
    first = client.start_assessment_run(assessmentTemplateArn=nightly)["assessmentRunArn"]
    with pytest.raises(client.exceptions.AgentsAlreadyRunningAssessmentException) as refusal:
        client.start_assessment_run(assessmentTemplateArn=nightly)
    expected = [{"agentId": AgentId(host), "assessmentRunArn": first} for host in hosts[:10]]
    assert refusal.value.response["agents"] == expected
    assert refusal.value.response["agentsTruncated"] is True


def test_quotas_are_kept(client: Any, built: BuiltInstallation) -> None:
    for number in range(built.installation.quotas.targets):
        client.create_assessment_target(assessmentTargetName=f"target {number}")
    with pytest.raises(client.exceptions.LimitExceededException) as refusal:
        client.create_assessment_target(assessmentTargetName="one more")
    assert code_of(refusal) == ("LimitExceededException", "ASSESSMENT_TARGET_LIMIT_EXCEEDED")


TEMPLATE_ARN = template().arn
PREVIEW = {"assessmentTemplateArn": TEMPLATE_ARN}
EVENT = {"resourceArn": TEMPLATE_ARN, "event": "FINDING_REPORTED", "topicArn": "arn:aws:sns:us-east-1:123456789012:t"}
REPORT = {"assessmentRunArn": run().arn, "reportFileFormat": "HTML", "reportType": "FULL"}
NOT_BUILT: Mapping[str, Mapping[str, str]] = {
    "CreateExclusionsPreview": PREVIEW,
    "GetExclusionsPreview": {**PREVIEW, "previewToken": "0a1b2c3d-0000-4000-8000-000000000000"},
    "GetAssessmentReport": REPORT,
    "ListEventSubscriptions": {},
    "SubscribeToEvent": EVENT,
    "UnsubscribeFromEvent": EVENT,
    "RegisterCrossAccountAccessRole": {"roleArn": "arn:aws:iam::123456789012:role/inspector"},
    "DescribeCrossAccountAccessRole": {},
}


@pytest.mark.parametrize("operation", sorted(load_model().operations.keys() - built_operations().keys()))
def test_an_operation_that_is_not_built_says_so(client: Any, operation: str) -> None:
    with pytest.raises(client.exceptions.UnsupportedFeatureException, match="does not have the operation") as refusal:
        getattr(client, xform_name(operation))(**NOT_BUILT[operation])
    assert refusal.value.response["canRetry"] is False
