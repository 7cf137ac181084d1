"""Errors as a real client raises them; what botocore does not check is checked here (F11.19, F11.20)."""

from pathlib import Path
from typing import Any

import pytest
from tests.api_compat.assessments import PACKAGE, make_template, refusal, start_run
from tests.api_compat.endpoint import Endpoint, Listener, open_endpoint

from openinspector.testing import model_builders as builders

ARN = builders.template().arn


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("create_assessment_target", {"assessmentTargetName": "n" * 141}, "INVALID_ASSESSMENT_TARGET_NAME"),
        ("describe_findings", {"findingArns": ["arn"] * 11}, "INVALID_NUMBER_OF_FINDING_ARNS"),
        ("describe_findings", {"findingArns": ["arn"], "locale": "FR_FR"}, "INVALID_LOCALE"),
        ("describe_rules_packages", {"rulesPackageArns": ["arn"], "locale": "FR_FR"}, "INVALID_LOCALE"),
        ("describe_assessment_runs", {"assessmentRunArns": ["arn"] * 11}, "INVALID_NUMBER_OF_ASSESSMENT_RUN_ARNS"),
        ("list_findings", {"filter": {"severities": ["Critical"]}}, "INVALID_SEVERITY"),
        ("list_findings", {"assessmentRunArns": ["arn"] * 51}, "INVALID_NUMBER_OF_ASSESSMENT_RUN_ARNS"),
        ("list_findings", {"assessmentRunArns": ["arn"]}, "INVALID_ASSESSMENT_RUN_ARN"),
        ("list_assessment_runs", {"filter": {"states": ["DONE"]}}, "INVALID_ASSESSMENT_RUN_STATE"),
        ("set_tags_for_resource", {"resourceArn": "arn", "tags": [{"key": "k"}] * 11}, "INVALID_NUMBER_OF_TAGS"),
        ("list_tags_for_resource", {"resourceArn": builders.target().arn}, "INVALID_RESOURCE_ARN"),
        ("preview_agents", {"previewAgentsArn": "arn"}, "INVALID_ASSESSMENT_TARGET_ARN"),
        ("get_telemetry_metadata", {"assessmentRunArn": "arn"}, "INVALID_ASSESSMENT_RUN_ARN"),
        (
            "list_assessment_runs",
            {"filter": {"durationRange": {"minSeconds": 300, "maxSeconds": 200}}},
            "INVALID_ASSESSMENT_RUN_DURATION_RANGE",
        ),
        (
            "list_assessment_templates",
            {"filter": {"durationRange": {"maxSeconds": 604800}}},
            "INVALID_ASSESSMENT_TEMPLATE_DURATION_RANGE",
        ),
    ],
)
def test_invalid_input(client: Any, operation: str, arguments: dict[str, Any], code: str) -> None:
    assert refusal(client, operation, **arguments) == (400, "InvalidInputException", code)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"durationInSeconds": 86401}, "INVALID_ASSESSMENT_TEMPLATE_DURATION"),
        ({"rulesPackageArns": [PACKAGE] * 51}, "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS"),
        ({"userAttributesForFindings": [{"key": str(n)} for n in range(11)]}, "INVALID_NUMBER_OF_USER_ATTRIBUTES"),
    ],
)
def test_a_template_out_of_bounds(client: Any, changed: dict[str, Any], code: str) -> None:
    target = client.create_assessment_target(assessmentTargetName="web")["assessmentTargetArn"]
    valid = {"assessmentTemplateName": "t", "durationInSeconds": 180, "rulesPackageArns": []}
    arguments = {"assessmentTargetArn": target, **valid, **changed}
    assert refusal(client, "create_assessment_template", **arguments) == (400, "InvalidInputException", code)


def test_names_that_are_taken(client: Any) -> None:
    template = make_template(client, "taken")
    start_run(client, template, assessmentRunName="taken")
    target = template.partition("/template/")[0]
    for operation, arguments, code in (
        ("create_assessment_target", {"assessmentTargetName": "taken"}, "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN"),
        (
            "create_assessment_template",
            {
                "assessmentTargetArn": target,
                "assessmentTemplateName": "taken",
                "durationInSeconds": 180,
                "rulesPackageArns": [],
            },
            "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN",
        ),
    ):
        assert refusal(client, operation, **arguments) == (400, "InvalidInputException", code)
    again = {"assessmentTemplateArn": template, "assessmentRunName": "taken"}
    assert refusal(client, "start_assessment_run", **again)[:2] == (400, "InvalidInputException")


def test_exceptions_of_the_model_are_raised_as_such(client: Any) -> None:
    with pytest.raises(client.exceptions.NoSuchEntityException) as error:
        client.list_findings(assessmentRunArns=[builders.run().arn])
    response = error.value.response
    assert response["errorCode"] == "ASSESSMENT_RUN_DOES_NOT_EXIST"
    assert response["canRetry"] is False
    assert builders.run().arn in response["message"]


def test_quotas(listener: Listener, tmp_path: Path) -> None:
    client = open_endpoint(listener, tmp_path, targets=1, templates=1, runs=0, resource_groups=0).client()
    template = make_template(client)
    target = template.partition("/template/")[0]
    limit = (400, "LimitExceededException")
    new_template = {"assessmentTemplateName": "2", "durationInSeconds": 180, "rulesPackageArns": []}
    assert refusal(client, "create_assessment_target", assessmentTargetName="2") == (
        *limit,
        "ASSESSMENT_TARGET_LIMIT_EXCEEDED",
    )
    assert refusal(client, "create_assessment_template", assessmentTargetArn=target, **new_template) == (
        *limit,
        "ASSESSMENT_TEMPLATE_LIMIT_EXCEEDED",
    )
    assert refusal(client, "create_resource_group", resourceGroupTags=[{"key": "k"}]) == (
        *limit,
        "RESOURCE_GROUP_LIMIT_EXCEEDED",
    )
    assert refusal(client, "start_assessment_run", assessmentTemplateArn=template) == (
        *limit,
        "ASSESSMENT_RUN_LIMIT_EXCEEDED",
    )


def test_overlap_names_ten_agents_and_is_marked_truncated(endpoint: Endpoint, client: Any) -> None:
    for number in range(12):
        endpoint.built.heartbeat(number)
    template = make_template(client)
    run = start_run(client, template)
    with pytest.raises(client.exceptions.AgentsAlreadyRunningAssessmentException) as error:
        start_run(client, template)
    response = error.value.response
    assert [agent["assessmentRunArn"] for agent in response["agents"]] == [run] * 10
    assert len({agent["agentId"] for agent in response["agents"]}) == 10
    assert response["agentsTruncated"] is True


def test_run_in_progress_blocks_deletion(client: Any) -> None:
    template = make_template(client)
    run = start_run(client, template)
    with pytest.raises(client.exceptions.AssessmentRunInProgressException) as error:
        client.delete_assessment_template(assessmentTemplateArn=template)
    assert error.value.response["assessmentRunArns"] == [run]
    assert error.value.response["assessmentRunArnsTruncated"] is False
