"""Resource groups and targets over the API."""

from pathlib import Path

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.testing import model_builders as builders
from openinspector.testing.installation import open_installation

TAGS = [{"key": "Environment", "value": "Test"}, {"key": "Environment", "value": "Beta"}, {"key": "Role"}]
NO_TARGET = builders.target(99).arn
NO_GROUP = builders.resource_group(99).arn


def test_a_resource_group_is_described(call: Caller) -> None:
    arn = call("CreateResourceGroup", resourceGroupTags=TAGS)["resourceGroupArn"]
    described = call("DescribeResourceGroups", resourceGroupArns=[arn])
    now = call.built.clock.now().timestamp()
    assert described == {"resourceGroups": [{"arn": arn, "tags": TAGS, "createdAt": now}], "failedItems": {}}


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([], "INVALID_NUMBER_OF_RESOURCE_GROUP_TAGS"),
        ([{"key": str(n)} for n in range(11)], "INVALID_NUMBER_OF_RESOURCE_GROUP_TAGS"),
        ([{"key": ""}], "INVALID_RESOURCE_GROUP_TAG_KEY"),
        ([{"key": "k" * 129}], "INVALID_RESOURCE_GROUP_TAG_KEY"),
        ([{"value": "v"}], "INVALID_RESOURCE_GROUP_TAG_KEY"),
        ([{"key": "k", "value": ""}], "INVALID_RESOURCE_GROUP_TAG_VALUE"),
        ([{"key": "k", "value": "v" * 257}], "INVALID_RESOURCE_GROUP_TAG_VALUE"),
    ],
)
def test_bounds_of_resource_group_tags(call: Caller, tags: object, code: str) -> None:
    assert call.refusal("CreateResourceGroup", resourceGroupTags=tags) == ("InvalidInputException", code)


def test_a_target_is_described_updated_and_deleted(call: Caller) -> None:
    group = call("CreateResourceGroup", resourceGroupTags=TAGS)["resourceGroupArn"]
    arn = call.target("web", resourceGroupArn=group)
    created = call.built.clock.now().timestamp()
    (target,) = call("DescribeAssessmentTargets", assessmentTargetArns=[arn])["assessmentTargets"]
    assert target == {
        "arn": arn,
        "name": "web",
        "resourceGroupArn": group,
        "createdAt": created,
        "updatedAt": created,
    }
    call.built.clock.advance(60)
    assert call("UpdateAssessmentTarget", assessmentTargetArn=arn, assessmentTargetName="all") == {}
    (target,) = call("DescribeAssessmentTargets", assessmentTargetArns=[arn])["assessmentTargets"]
    assert target == {"arn": arn, "name": "all", "createdAt": created, "updatedAt": created + 60}
    assert call("DeleteAssessmentTarget", assessmentTargetArn=arn) == {}
    assert call("ListAssessmentTargets") == {"assessmentTargetArns": []}


@pytest.mark.parametrize(
    ("arguments", "exception", "code"),
    [
        ({"assessmentTargetName": ""}, "InvalidInputException", "INVALID_ASSESSMENT_TARGET_NAME"),
        ({"assessmentTargetName": "n" * 141}, "InvalidInputException", "INVALID_ASSESSMENT_TARGET_NAME"),
        ({}, "InvalidInputException", "INVALID_ASSESSMENT_TARGET_NAME"),
        ({"assessmentTargetName": 1}, "SerializationException", None),
        (
            {"assessmentTargetName": "web", "resourceGroupArn": "arn"},
            "InvalidInputException",
            "INVALID_RESOURCE_GROUP_ARN",
        ),
        (
            {"assessmentTargetName": "web", "resourceGroupArn": NO_GROUP},
            "NoSuchEntityException",
            "RESOURCE_GROUP_DOES_NOT_EXIST",
        ),
        (
            {"assessmentTargetName": "taken"},
            "InvalidInputException",
            "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN",
        ),
    ],
)
def test_a_target_is_refused(call: Caller, arguments: dict[str, object], exception: str, code: str | None) -> None:
    call.target("taken")
    assert call.refusal("CreateAssessmentTarget", **arguments) == (exception, code)


def test_quotas_are_limits_exceeded(tmp_path: Path) -> None:
    call = Caller(built=open_installation(tmp_path, targets=0, resource_groups=0))
    assert call.refusal("CreateAssessmentTarget", assessmentTargetName="web") == (
        "LimitExceededException",
        "ASSESSMENT_TARGET_LIMIT_EXCEEDED",
    )
    assert call.refusal("CreateResourceGroup", resourceGroupTags=TAGS) == (
        "LimitExceededException",
        "RESOURCE_GROUP_LIMIT_EXCEEDED",
    )


@pytest.mark.parametrize("operation", ["UpdateAssessmentTarget", "DeleteAssessmentTarget"])
def test_the_target_must_exist(call: Caller, operation: str) -> None:
    extra = {"assessmentTargetName": "web"} if operation.startswith("Update") else {}
    missing = ("NoSuchEntityException", "ASSESSMENT_TARGET_DOES_NOT_EXIST")
    invalid = ("InvalidInputException", "INVALID_ASSESSMENT_TARGET_ARN")
    assert call.refusal(operation, assessmentTargetArn=NO_TARGET, **extra) == missing
    for arn in ("arn", "", "x" * 301, NO_GROUP):
        assert call.refusal(operation, assessmentTargetArn=arn, **extra) == invalid


def test_a_rename_to_a_name_that_is_taken_is_refused(call: Caller) -> None:
    call.target("taken")
    arn = call.target("web")
    taken = ("InvalidInputException", "ASSESSMENT_TARGET_NAME_ALREADY_TAKEN")
    refusal = call.refusal("UpdateAssessmentTarget", assessmentTargetArn=arn, assessmentTargetName="taken")
    assert refusal == taken


def test_deletion_names_ten_runs_in_progress_and_is_marked_truncated(call: Caller) -> None:
    target = call.target()
    template = call.template(target)
    runs = {call.run(template) for _ in range(11)}
    body = call.refused("DeleteAssessmentTarget", assessmentTargetArn=target)
    assert body["__type"] == "AssessmentRunInProgressException"
    assert set(body["assessmentRunArns"]) < runs
    assert (len(body["assessmentRunArns"]), body["assessmentRunArnsTruncated"], body["canRetry"]) == (10, True, True)
    call.built.end_run(body["assessmentRunArns"][0])
    again = call.refused("DeleteAssessmentTarget", assessmentTargetArn=target)
    assert (len(again["assessmentRunArns"]), again["assessmentRunArnsTruncated"]) == (10, False)


def test_items_of_a_batch_fail_by_themselves(call: Caller) -> None:
    one, twice = call.target("one"), call.target("twice")
    found = call("DescribeAssessmentTargets", assessmentTargetArns=[NO_TARGET, one, "arn", twice, twice])
    assert [target["arn"] for target in found["assessmentTargets"]] == [one]
    assert found["failedItems"] == {
        NO_TARGET: {"failureCode": "ITEM_DOES_NOT_EXIST", "retryable": False},
        "arn": {"failureCode": "INVALID_ARN", "retryable": False},
        twice: {"failureCode": "DUPLICATE_ARN", "retryable": False},
    }
    groups = call("DescribeResourceGroups", resourceGroupArns=[NO_GROUP, one])
    assert {arn: item["failureCode"] for arn, item in groups["failedItems"].items()} == {
        NO_GROUP: "ITEM_DOES_NOT_EXIST",
        one: "INVALID_ARN",
    }


@pytest.mark.parametrize("count", [0, 11])
def test_batches_hold_one_to_ten(call: Caller, count: int) -> None:
    arns = [NO_TARGET] * count
    assert call.refusal("DescribeAssessmentTargets", assessmentTargetArns=arns) == (
        "InvalidInputException",
        "INVALID_NUMBER_OF_ASSESSMENT_TARGET_ARNS",
    )
    assert call.refusal("DescribeResourceGroups", resourceGroupArns=arns) == (
        "InvalidInputException",
        "INVALID_NUMBER_OF_RESOURCE_GROUP_ARNS",
    )


def test_targets_are_listed_oldest_first_ten_at_a_time(call: Caller) -> None:
    made = []
    for number in range(12):
        made.append(call.target(f"web-{number}"))
        call.built.clock.advance(1)
    assert call.pages("ListAssessmentTargets", "assessmentTargetArns") == [made[:10], made[10:]]
    assert call.pages("ListAssessmentTargets", "assessmentTargetArns", maxResults=5) == [
        made[:5],
        made[5:10],
        made[10:],
    ]
    assert call.pages("ListAssessmentTargets", "assessmentTargetArns", maxResults=500) == [made]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("web-?", ["web-1", "web-2"]),
        ("web*", ["web-1", "web-2", "web-10"]),
        ("WEB*", []),
        ("web-1", ["web-1"]),
        ("[w]*", []),
    ],
)
def test_names_are_matched_by_wildcards(call: Caller, pattern: str, names: list[str]) -> None:
    arns = {name: call.target(name) for name in ("web-1", "web-2", "web-10", "mail")}
    found = call("ListAssessmentTargets", filter={"assessmentTargetNamePattern": pattern})
    assert found["assessmentTargetArns"] == [arns[name] for name in names]


@pytest.mark.parametrize("pattern", ["", "n" * 141])
def test_bounds_of_a_pattern(call: Caller, pattern: str) -> None:
    assert call.refusal("ListAssessmentTargets", filter={"assessmentTargetNamePattern": pattern}) == (
        "InvalidInputException",
        "INVALID_ASSESSMENT_TARGET_NAME_PATTERN",
    )


@pytest.mark.parametrize("wanted", [-1, 0, -(2**80)])
def test_bounds_of_a_page(call: Caller, wanted: int) -> None:
    assert call.refusal("ListAssessmentTargets", maxResults=wanted) == ("InvalidInputException", "INVALID_MAX_RESULTS")


def test_token_is_valid_only_for_its_list(call: Caller) -> None:
    for number in range(3):
        call.template(call.target(f"web-{number}"))
    token = call("ListAssessmentTargets", maxResults=1)["nextToken"]
    bad = ("InvalidInputException", "INVALID_PAGINATION_TOKEN")
    assert call.refusal("ListAssessmentTemplates", nextToken=token) == bad
    assert call.refusal("ListAssessmentTargets", nextToken=token, filter={"assessmentTargetNamePattern": "*"}) == bad
    assert (
        call.refusal("ListAssessmentTargets", nextToken=f"A{token[1:]}" if token[0] != "A" else f"B{token[1:]}") == bad
    )
    assert call.refusal("ListAssessmentTargets", nextToken="") == bad
    assert len(call("ListAssessmentTargets", nextToken=token, maxResults=2)["assessmentTargetArns"]) == 2
