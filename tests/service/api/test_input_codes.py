"""Each violation of the model has its own code; the codes the API lacks fall back to one (F14.8, F14.9)."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from openinspector.service.api.input_codes import BELOW, BY_MEMBER, BY_PARENT, BY_SHAPE, FALLBACK
from openinspector.service.api.model import api_model, load_model
from openinspector.service.api.shapes import parse_input
from openinspector.service.app.errors import InvalidInput

TARGET: Final = {"assessmentTargetArn": "arn"}
TEMPLATE: Final[Mapping[str, Any]] = {
    **TARGET,
    "assessmentTemplateName": "name",
    "durationInSeconds": 3600,
    "rulesPackageArns": [],
}


@pytest.mark.parametrize(
    ("operation", "given", "expected"),
    [
        ("CreateAssessmentTarget", {"assessmentTargetName": "x" * 141}, "INVALID_ASSESSMENT_TARGET_NAME"),
        ("CreateAssessmentTemplate", {**TEMPLATE, "durationInSeconds": 86401}, "INVALID_ASSESSMENT_TEMPLATE_DURATION"),
        ("CreateAssessmentTemplate", {**TEMPLATE, "durationInSeconds": 179}, "INVALID_ASSESSMENT_TEMPLATE_DURATION"),
        ("CreateAssessmentTemplate", {**TEMPLATE, "assessmentTemplateName": ""}, "INVALID_ASSESSMENT_TEMPLATE_NAME"),
        (
            "CreateAssessmentTemplate",
            {**TEMPLATE, "rulesPackageArns": ["a"] * 51},
            "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS",
        ),
        ("CreateAssessmentTemplate", {**TEMPLATE, "rulesPackageArns": [""]}, "INVALID_RULES_PACKAGE_ARN"),
        (
            "CreateAssessmentTemplate",
            {**TEMPLATE, "userAttributesForFindings": [{"key": "k"}] * 11},
            "INVALID_NUMBER_OF_USER_ATTRIBUTES",
        ),
        ("CreateResourceGroup", {"resourceGroupTags": []}, "INVALID_NUMBER_OF_RESOURCE_GROUP_TAGS"),
        ("CreateResourceGroup", {"resourceGroupTags": [{"key": "k"}] * 11}, "INVALID_NUMBER_OF_RESOURCE_GROUP_TAGS"),
        ("CreateResourceGroup", {"resourceGroupTags": [{"key": "k" * 129}]}, "INVALID_RESOURCE_GROUP_TAG_KEY"),
        ("CreateResourceGroup", {"resourceGroupTags": [{"value": "v"}]}, "INVALID_RESOURCE_GROUP_TAG_KEY"),
        ("CreateResourceGroup", {"resourceGroupTags": [{"key": "k", "value": ""}]}, "INVALID_RESOURCE_GROUP_TAG_VALUE"),
        ("SetTagsForResource", {"resourceArn": "a", "tags": [{"key": ""}]}, "INVALID_TAG_KEY"),
        ("SetTagsForResource", {"resourceArn": "a", "tags": [{"key": "k", "value": "v" * 257}]}, "INVALID_TAG_VALUE"),
        ("SetTagsForResource", {"resourceArn": "a", "tags": [{"key": "k"}] * 11}, "INVALID_NUMBER_OF_TAGS"),
        ("SetTagsForResource", {"resourceArn": ""}, "INVALID_RESOURCE_ARN"),
        ("DescribeFindings", {"findingArns": ["a"] * 11}, "INVALID_NUMBER_OF_FINDING_ARNS"),
        ("DescribeFindings", {"findingArns": ["a" * 301]}, "INVALID_FINDING_ARN"),
        ("DescribeFindings", {"findingArns": ["a"], "locale": "FR_FR"}, "INVALID_LOCALE"),
        ("DescribeAssessmentRuns", {"assessmentRunArns": []}, "INVALID_NUMBER_OF_ASSESSMENT_RUN_ARNS"),
        ("DescribeAssessmentTargets", {"assessmentTargetArns": []}, "INVALID_NUMBER_OF_ASSESSMENT_TARGET_ARNS"),
        ("DescribeAssessmentTemplates", {"assessmentTemplateArns": []}, "INVALID_NUMBER_OF_ASSESSMENT_TEMPLATE_ARNS"),
        ("DescribeResourceGroups", {"resourceGroupArns": []}, "INVALID_NUMBER_OF_RESOURCE_GROUP_ARNS"),
        ("DescribeRulesPackages", {"rulesPackageArns": []}, "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS"),
        ("DescribeExclusions", {"exclusionArns": ["a"] * 101}, "INVALID_RESOURCE_ARN"),
        ("ListFindings", {"nextToken": ""}, "INVALID_PAGINATION_TOKEN"),
        ("ListFindings", {"filter": {"severities": ["Critical"]}}, "INVALID_SEVERITY"),
        ("ListFindings", {"filter": {"severities": ["Low"] * 51}}, "INVALID_NUMBER_OF_SEVERITIES"),
        ("ListFindings", {"filter": {"agentIds": ["a"] * 100}}, "INVALID_NUMBER_OF_AGENT_IDS"),
        ("ListFindings", {"filter": {"agentIds": [""]}}, "INVALID_AGENT_ID"),
        ("ListFindings", {"filter": {"ruleNames": ["r" * 1001]}}, "INVALID_RULE_NAME"),
        ("ListFindings", {"filter": {"ruleNames": ["r"] * 51}}, "INVALID_NUMBER_OF_RULE_NAMES"),
        ("ListFindings", {"filter": {"autoScalingGroups": [""]}}, "INVALID_AUTO_SCALING_GROUP"),
        ("ListFindings", {"filter": {"autoScalingGroups": ["g"] * 21}}, "INVALID_NUMBER_OF_AUTO_SCALING_GROUPS"),
        ("ListFindings", {"filter": {"attributes": [{"key": "k"}] * 51}}, "INVALID_NUMBER_OF_ATTRIBUTES"),
        ("ListFindings", {"filter": {"attributes": [{"key": ""}]}}, "INVALID_ATTRIBUTE"),
        ("ListFindings", {"filter": {"userAttributes": [{"key": "k"}] * 51}}, "INVALID_NUMBER_OF_USER_ATTRIBUTES"),
        ("ListFindings", {"filter": {"userAttributes": [{"key": ""}]}}, "INVALID_USER_ATTRIBUTE_KEY"),
        ("ListFindings", {"filter": {"userAttributes": [{"key": "k", "value": ""}]}}, "INVALID_USER_ATTRIBUTE_VALUE"),
        ("ListFindings", {"filter": {"creationTimeRange": {"endDate": -1}}}, "INVALID_ATTRIBUTE"),
        ("ListFindings", {"filter": {"rulesPackageArns": [""]}}, "INVALID_RULES_PACKAGE_ARN"),
        ("ListAssessmentRuns", {"filter": {"states": ["DONE"]}}, "INVALID_ASSESSMENT_RUN_STATE"),
        ("ListAssessmentRuns", {"filter": {"states": ["ERROR"] * 51}}, "INVALID_NUMBER_OF_ASSESSMENT_RUN_STATES"),
        (
            "ListAssessmentRuns",
            {"filter": {"durationRange": {"maxSeconds": 604800}}},
            "INVALID_ASSESSMENT_RUN_DURATION_RANGE",
        ),
        (
            "ListAssessmentTemplates",
            {"filter": {"durationRange": {"minSeconds": 1}}},
            "INVALID_ASSESSMENT_TEMPLATE_DURATION_RANGE",
        ),
        (
            "ListAssessmentRuns",
            {"filter": {"startTimeRange": {"beginDate": 1e15}}},
            "INVALID_ASSESSMENT_RUN_START_TIME_RANGE",
        ),
        (
            "ListAssessmentRuns",
            {"filter": {"completionTimeRange": {"beginDate": -1}}},
            "INVALID_ASSESSMENT_RUN_COMPLETION_TIME_RANGE",
        ),
        (
            "ListAssessmentRuns",
            {"filter": {"stateChangeTimeRange": {"endDate": -1}}},
            "INVALID_ASSESSMENT_RUN_STATE_CHANGE_TIME_RANGE",
        ),
        ("ListAssessmentRuns", {"assessmentTemplateArns": [""]}, "INVALID_ASSESSMENT_TEMPLATE_ARN"),
        ("ListAssessmentTemplates", {"filter": {"namePattern": ""}}, "INVALID_ASSESSMENT_TEMPLATE_NAME_PATTERN"),
        (
            "ListAssessmentTargets",
            {"filter": {"assessmentTargetNamePattern": "x" * 141}},
            "INVALID_ASSESSMENT_TARGET_NAME_PATTERN",
        ),
        ("PreviewAgents", {"previewAgentsArn": ""}, "INVALID_ASSESSMENT_TARGET_ARN"),
        ("GetTelemetryMetadata", {}, "INVALID_ASSESSMENT_RUN_ARN"),
        ("SubscribeToEvent", {"resourceArn": "a", "event": "E", "topicArn": "t"}, "INVALID_EVENT"),
        ("SubscribeToEvent", {"resourceArn": "a", "event": "OTHER", "topicArn": ""}, "INVALID_SNS_TOPIC_ARN"),
        ("RegisterCrossAccountAccessRole", {"roleArn": ""}, "INVALID_IAM_ROLE_ARN"),
        ("CreateAssessmentTarget", {"assessmentTargetName": "n", "resourceGroupArn": ""}, "INVALID_RESOURCE_GROUP_ARN"),
        ("StartAssessmentRun", {"assessmentTemplateArn": "a", "assessmentRunName": "x" * 141}, "INVALID_ATTRIBUTE"),
        ("GetExclusionsPreview", {"assessmentTemplateArn": "a", "previewToken": "nope"}, "INVALID_ATTRIBUTE"),
    ],
)
def test_each_violation_has_its_code(operation: str, given: object, expected: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_input(operation, json.dumps(given).encode())
    assert refusal.value.code == expected


@pytest.mark.parametrize("table", [BELOW, BY_MEMBER, BY_PARENT, BY_SHAPE], ids=["below", "member", "parent", "shape"])
def test_the_tables_name_codes_of_the_model(table: Mapping[object, str]) -> None:
    assert {*table.values(), FALLBACK} <= set(load_model().shapes["InvalidInputErrorCode"].enum)


def test_the_tables_name_shapes_and_members_of_the_model() -> None:
    shapes = api_model().shapes
    members = {member for shape in shapes.values() for member in shape.members}
    assert BY_SHAPE.keys() <= shapes.keys()
    assert BY_MEMBER.keys() <= members
    assert all(member in shapes[parent].members for parent, member in {*BY_PARENT, *BELOW})
