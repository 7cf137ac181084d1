"""Templates and their tags over the API."""

from pathlib import Path
from typing import Any

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.testing import model_builders as builders
from openinspector.testing.installation import PACKAGES, open_installation

NO_TEMPLATE = builders.template(99).arn
NO_TARGET = builders.target(99).arn
CVE, CIS = PACKAGES[0].arn, PACKAGES[1].arn


def test_a_template_is_described_as_it_was_made(call: Caller) -> None:
    target = call.target()
    attributes = [{"key": "Team", "value": "blue"}, {"key": "Audit"}]
    arn = call.template(target, "nightly", rulesPackageArns=[CIS, CVE], userAttributesForFindings=attributes)
    described = call("DescribeAssessmentTemplates", assessmentTemplateArns=[arn])
    assert described["assessmentTemplates"] == [
        {
            "arn": arn,
            "name": "nightly",
            "assessmentTargetArn": target,
            "durationInSeconds": 3600,
            "rulesPackageArns": [CIS, CVE],
            "userAttributesForFindings": attributes,
            "assessmentRunCount": 0,
            "createdAt": call.built.clock.now().timestamp(),
        }
    ]


def test_the_last_run_is_listed_once_there_is_one(call: Caller) -> None:
    template = call.template(call.target())
    first = call.run(template)
    call.built.clock.advance(1)
    last = call.run(template)
    for count, expected in ((2, last), (1, first), (0, None)):
        (described,) = call("DescribeAssessmentTemplates", assessmentTemplateArns=[template])["assessmentTemplates"]
        assert described["assessmentRunCount"] == count
        assert described.get("lastAssessmentRunArn") == expected
        if expected is not None:
            call.built.end_run(expected)
            call("DeleteAssessmentRun", assessmentRunArn=expected)


@pytest.mark.parametrize(
    ("changed", "exception", "code"),
    [
        ({"assessmentTargetArn": "arn"}, "InvalidInputException", "INVALID_ASSESSMENT_TARGET_ARN"),
        ({"assessmentTargetArn": NO_TARGET}, "NoSuchEntityException", "ASSESSMENT_TARGET_DOES_NOT_EXIST"),
        ({"assessmentTemplateName": ""}, "InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_NAME"),
        ({"assessmentTemplateName": "n" * 141}, "InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_NAME"),
        ({"assessmentTemplateName": "taken"}, "InvalidInputException", "ASSESSMENT_TEMPLATE_NAME_ALREADY_TAKEN"),
        ({"durationInSeconds": 179}, "InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_DURATION"),
        ({"durationInSeconds": 86401}, "InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_DURATION"),
        ({"durationInSeconds": None}, "InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_DURATION"),
        ({"durationInSeconds": "3600"}, "SerializationException", None),
        ({"rulesPackageArns": [CVE] * 51}, "InvalidInputException", "INVALID_NUMBER_OF_RULES_PACKAGE_ARNS"),
        ({"rulesPackageArns": ["arn"]}, "InvalidInputException", "INVALID_RULES_PACKAGE_ARN"),
        ({"rulesPackageArns": ["x" * 301]}, "InvalidInputException", "INVALID_RULES_PACKAGE_ARN"),
        (
            {"rulesPackageArns": [builders.rules_package_arn()]},
            "NoSuchEntityException",
            "RULES_PACKAGE_DOES_NOT_EXIST",
        ),
        (
            {"userAttributesForFindings": [{"key": str(n)} for n in range(11)]},
            "InvalidInputException",
            "INVALID_NUMBER_OF_USER_ATTRIBUTES",
        ),
        (
            {"userAttributesForFindings": [{"key": "a"}, {"key": "a"}]},
            "InvalidInputException",
            "INVALID_USER_ATTRIBUTE_KEY",
        ),
        ({"userAttributesForFindings": [{"key": ""}]}, "InvalidInputException", "INVALID_USER_ATTRIBUTE_KEY"),
        (
            {"userAttributesForFindings": [{"key": "a", "value": ""}]},
            "InvalidInputException",
            "INVALID_USER_ATTRIBUTE_VALUE",
        ),
    ],
)
def test_a_template_is_refused(call: Caller, changed: dict[str, Any], exception: str, code: str | None) -> None:
    target = call.target()
    call.template(target, "taken")
    valid = {
        "assessmentTargetArn": target,
        "assessmentTemplateName": "nightly",
        "durationInSeconds": 180,
        "rulesPackageArns": [CVE],
    }
    assert call.refusal("CreateAssessmentTemplate", **{**valid, **changed}) == (exception, code)


def test_the_quota_is_a_limit_exceeded(tmp_path: Path) -> None:
    call = Caller(built=open_installation(tmp_path, templates=0))
    body = {
        "assessmentTargetArn": call.target(),
        "assessmentTemplateName": "nightly",
        "durationInSeconds": 86400,
        "rulesPackageArns": [],
    }
    assert call.refusal("CreateAssessmentTemplate", **body) == (
        "LimitExceededException",
        "ASSESSMENT_TEMPLATE_LIMIT_EXCEEDED",
    )


def test_a_template_is_deleted_once_its_runs_ended(call: Caller) -> None:
    template = call.template(call.target())
    run = call.run(template)
    body = call.refused("DeleteAssessmentTemplate", assessmentTemplateArn=template)
    assert (body["__type"], body["assessmentRunArns"]) == ("AssessmentRunInProgressException", [run])
    assert body["assessmentRunArnsTruncated"] is False
    call.built.end_run(run)
    assert call("DeleteAssessmentTemplate", assessmentTemplateArn=template) == {}
    assert call.refusal("DeleteAssessmentTemplate", assessmentTemplateArn=template) == (
        "NoSuchEntityException",
        "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST",
    )
    assert call.refusal("DeleteAssessmentTemplate", assessmentTemplateArn="arn") == (
        "InvalidInputException",
        "INVALID_ASSESSMENT_TEMPLATE_ARN",
    )


def test_items_of_a_batch_fail_by_themselves(call: Caller) -> None:
    template = call.template(call.target())
    found = call("DescribeAssessmentTemplates", assessmentTemplateArns=[NO_TEMPLATE, "arn", template])
    assert [item["arn"] for item in found["assessmentTemplates"]] == [template]
    assert {arn: item["failureCode"] for arn, item in found["failedItems"].items()} == {
        NO_TEMPLATE: "ITEM_DOES_NOT_EXIST",
        "arn": "INVALID_ARN",
    }
    assert call.refusal("DescribeAssessmentTemplates", assessmentTemplateArns=[NO_TEMPLATE] * 11) == (
        "InvalidInputException",
        "INVALID_NUMBER_OF_ASSESSMENT_TEMPLATE_ARNS",
    )


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["short", "long", "other"]),
        ({"namePattern": "*o*"}, ["short", "long", "other"]),
        ({"namePattern": "?hort"}, ["short"]),
        ({"durationRange": {"minSeconds": 180, "maxSeconds": 180}}, ["short"]),
        ({"durationRange": {"minSeconds": 181}}, ["long", "other"]),
        ({"durationRange": {}}, ["short", "long", "other"]),
        ({"rulesPackageArns": [CIS]}, ["long"]),
        ({"rulesPackageArns": [CIS, CVE]}, ["long"]),
        ({"rulesPackageArns": [CVE], "namePattern": "*t*"}, ["short", "other"]),
        ({"rulesPackageArns": []}, ["short", "long", "other"]),
    ],
)
def test_filters_of_a_list(call: Caller, asked: dict[str, object], names: list[str]) -> None:
    target, second = call.target("one"), call.target("two")
    arns = {
        "short": call.template(target, "short", durationInSeconds=180),
        "long": call.template(target, "long", durationInSeconds=7200, rulesPackageArns=[CVE, CIS]),
        "other": call.template(second, "other"),
    }
    wanted = sorted(arns[name] for name in names)
    assert sorted(call("ListAssessmentTemplates", filter=asked)["assessmentTemplateArns"]) == wanted
    of_second = call("ListAssessmentTemplates", filter=asked, assessmentTargetArns=[second])["assessmentTemplateArns"]
    assert of_second == [arn for arn in wanted if arn == arns["other"]]


@pytest.mark.parametrize(
    ("arguments", "exception", "code"),
    [
        (
            {"filter": {"durationRange": {"minSeconds": 200, "maxSeconds": 190}}},
            "InvalidInputException",
            "INVALID_ASSESSMENT_TEMPLATE_DURATION_RANGE",
        ),
        (
            {"filter": {"durationRange": {"maxSeconds": 604800}}},
            "InvalidInputException",
            "INVALID_ASSESSMENT_TEMPLATE_DURATION_RANGE",
        ),
        ({"filter": {"namePattern": ""}}, "InvalidInputException", "INVALID_ASSESSMENT_TEMPLATE_NAME_PATTERN"),
        ({"filter": {"rulesPackageArns": ["arn"]}}, "InvalidInputException", "INVALID_RULES_PACKAGE_ARN"),
        ({"assessmentTargetArns": ["arn"]}, "InvalidInputException", "INVALID_ASSESSMENT_TARGET_ARN"),
        ({"assessmentTargetArns": [NO_TARGET]}, "NoSuchEntityException", "ASSESSMENT_TARGET_DOES_NOT_EXIST"),
        (
            {"assessmentTargetArns": [NO_TARGET] * 51},
            "InvalidInputException",
            "INVALID_NUMBER_OF_ASSESSMENT_TARGET_ARNS",
        ),
    ],
)
def test_a_list_is_refused(call: Caller, arguments: dict[str, object], exception: str, code: str) -> None:
    assert call.refusal("ListAssessmentTemplates", **arguments) == (exception, code)


def test_setting_tags_replaces_all_and_omission_clears_them(call: Caller) -> None:
    arn = call.template(call.target())
    tags = [{"key": "Name", "value": "Example"}, {"key": "Bare"}]
    assert call("SetTagsForResource", resourceArn=arn, tags=tags) == {}
    assert call("ListTagsForResource", resourceArn=arn) == {"tags": tags}
    call("SetTagsForResource", resourceArn=arn)
    assert call("ListTagsForResource", resourceArn=arn) == {"tags": []}


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([{"key": str(n)} for n in range(11)], "INVALID_NUMBER_OF_TAGS"),
        ([{"key": "a"}, {"key": "a"}], "INVALID_TAG_KEY"),
        ([{"key": ""}], "INVALID_TAG_KEY"),
        ([{"key": "a", "value": "v" * 257}], "INVALID_TAG_VALUE"),
    ],
)
def test_bounds_of_tags(call: Caller, tags: object, code: str) -> None:
    arn = call.template(call.target())
    assert call.refusal("SetTagsForResource", resourceArn=arn, tags=tags) == ("InvalidInputException", code)


@pytest.mark.parametrize("operation", ["SetTagsForResource", "ListTagsForResource"])
def test_only_templates_that_exist_have_tags(call: Caller, operation: str) -> None:
    invalid = ("InvalidInputException", "INVALID_RESOURCE_ARN")
    missing = ("NoSuchEntityException", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST")
    assert call.refusal(operation, resourceArn="arn") == invalid
    assert call.refusal(operation, resourceArn=call.target()) == invalid
    assert call.refusal(operation, resourceArn=NO_TEMPLATE) == missing
