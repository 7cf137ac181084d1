"""Exclusions over the API."""

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.model.arn import ExclusionArn
from openinspector.testing import model_builders as builders

NO_EXCLUSION = builders.exclusion(9999).arn


@pytest.fixture
def excluded(call: Caller) -> Caller:
    store = call.built.stores.assessments
    store.add_target(builders.target())
    store.add_template(builders.template())
    for number in (1, 2):
        store.add_run(builders.run(number), [])
    call.built.produced(*(builders.exclusion(number) for number in range(105)))
    return call


def arns(first: int, last: int) -> list[ExclusionArn]:
    return [builders.exclusion(number).arn for number in range(first, last)]


def test_a_page_holds_a_hundred_unless_asked_otherwise(excluded: Caller) -> None:
    run = builders.run().arn
    pages = excluded.pages("ListExclusions", "exclusionArns", assessmentRunArn=run)
    assert pages == [arns(0, 100), arns(100, 105)]
    pages = excluded.pages("ListExclusions", "exclusionArns", assessmentRunArn=run, maxResults=60)
    assert pages == [arns(0, 60), arns(60, 105)]
    assert excluded("ListExclusions", assessmentRunArn=builders.run(2).arn) == {"exclusionArns": []}


def test_token_of_another_run_is_refused(excluded: Caller) -> None:
    token = excluded("ListExclusions", assessmentRunArn=builders.run().arn)["nextToken"]
    assert excluded.refusal("ListExclusions", assessmentRunArn=builders.run(2).arn, nextToken=token) == (
        "InvalidInputException",
        "INVALID_PAGINATION_TOKEN",
    )


def test_exclusions_are_described_in_a_map(excluded: Caller) -> None:
    one = builders.exclusion(3)
    described = excluded("DescribeExclusions", exclusionArns=[NO_EXCLUSION, one.arn], locale="EN_US")
    assert described == {
        "exclusions": {
            one.arn: {
                "arn": one.arn,
                "title": "Agent not found",
                "description": "No agent is installed.",
                "recommendation": "Install the agent.",
                "scopes": [{"key": "INSTANCE_ID", "value": builders.agent_id(3)}],
                "attributes": [{"key": "INSTANCE_ID", "value": builders.agent_id(3)}],
            }
        },
        "failedItems": {NO_EXCLUSION: {"failureCode": "ITEM_DOES_NOT_EXIST", "retryable": False}},
    }


def test_a_hundred_are_described_at_once(excluded: Caller) -> None:
    assert list(excluded("DescribeExclusions", exclusionArns=arns(0, 100))["exclusions"]) == arns(0, 100)


def test_an_arn_given_twice_fails_and_is_not_described(excluded: Caller) -> None:
    (arn,) = arns(0, 1)
    described = excluded("DescribeExclusions", exclusionArns=[arn, arn])
    assert described == {
        "exclusions": {},
        "failedItems": {arn: {"failureCode": "DUPLICATE_ARN", "retryable": False}},
    }


@pytest.mark.parametrize(
    ("operation", "arguments", "exception"),
    [
        ("ListExclusions", {"assessmentRunArn": "arn"}, "InvalidInputException"),
        ("ListExclusions", {"assessmentRunArn": builders.run(9).arn}, "NoSuchEntityException"),
        ("ListExclusions", {}, "InvalidInputException"),
        ("DescribeExclusions", {"exclusionArns": []}, "InvalidInputException"),
        ("DescribeExclusions", {"exclusionArns": arns(0, 101)}, "InvalidInputException"),
        ("DescribeExclusions", {"exclusionArns": arns(0, 1), "locale": "FR_FR"}, "InvalidInputException"),
    ],
)
def test_rejects_invalid_requests(
    excluded: Caller, operation: str, arguments: dict[str, object], exception: str
) -> None:
    assert excluded.refusal(operation, **arguments)[0] == exception
