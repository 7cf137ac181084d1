from dataclasses import replace

import pytest
from tests.service.api.operations.caller import Caller

from openinspector.model.notification import InspectorEvent, PublishStatus
from openinspector.service.ports.publisher import Published
from openinspector.testing import model_builders as builders
from openinspector.testing.record_builders import topic

LONGEST_NAME = 256
"""Characters of a topic's name at SNS."""


@pytest.fixture
def template(call: Caller) -> str:
    return call.template(call.target())


def test_subscriptions_are_made_listed_by_topic_and_ended(call: Caller, template: str) -> None:
    for event in ("OTHER", "FINDING_REPORTED"):
        assert call("SubscribeToEvent", resourceArn=template, event=event, topicArn=topic()) == {}
    at = call.built.clock.now().timestamp()
    row = {
        "resourceArn": template,
        "topicArn": topic(),
        "eventSubscriptions": [
            {"event": "FINDING_REPORTED", "subscribedAt": at},
            {"event": "OTHER", "subscribedAt": at},
        ],
    }
    assert call("ListEventSubscriptions") == {"subscriptions": [row]}
    assert call("ListEventSubscriptions", resourceArn=template) == {"subscriptions": [row]}
    for event in ("OTHER", "FINDING_REPORTED"):
        assert call("UnsubscribeFromEvent", resourceArn=template, event=event, topicArn=topic()) == {}
    assert call("ListEventSubscriptions", resourceArn=template) == {"subscriptions": []}


def test_subscriptions_are_paged(call: Caller, template: str) -> None:
    for number in range(12):
        call("SubscribeToEvent", resourceArn=template, event="OTHER", topicArn=topic(number))
    assert [len(page) for page in call.pages("ListEventSubscriptions", "subscriptions")] == [10, 2]
    assert [len(page) for page in call.pages("ListEventSubscriptions", "subscriptions", maxResults=5)] == [5, 5, 2]


def test_paging_works_with_the_longest_topic_names(call: Caller, template: str) -> None:
    prefix = topic().rpartition(":")[0]
    long = [f"{prefix}:{name * LONGEST_NAME}" for name in "abcd"]
    for one in long:
        call("SubscribeToEvent", resourceArn=template, event="OTHER", topicArn=one)
    pages = call.pages("ListEventSubscriptions", "subscriptions", maxResults=1)
    assert sorted(row["topicArn"] for page in pages for row in page) == long


def test_rejects_invalid_requests(call: Caller, template: str) -> None:
    good = {"resourceArn": template, "event": "OTHER", "topicArn": topic()}
    unknown = builders.template(9).arn
    for operation in ("SubscribeToEvent", "UnsubscribeFromEvent"):
        for wrong, refusal in (
            ({"resourceArn": "arn"}, ("InvalidInputException", "INVALID_RESOURCE_ARN")),
            ({"resourceArn": unknown}, ("NoSuchEntityException", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST")),
            ({"event": "FINDING"}, ("InvalidInputException", "INVALID_EVENT")),
            ({"topicArn": "topic"}, ("InvalidInputException", "INVALID_SNS_TOPIC_ARN")),
        ):
            assert call.refusal(operation, **{**good, **wrong}) == refusal
    assert call.refusal("UnsubscribeFromEvent", **good) == ("InvalidInputException", "INVALID_EVENT")
    assert call.refusal("ListEventSubscriptions", resourceArn="arn")[1] == "INVALID_RESOURCE_ARN"
    assert call.refusal("ListEventSubscriptions", resourceArn=unknown)[1] == "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST"


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (PublishStatus.TOPIC_DOES_NOT_EXIST, ("NoSuchEntityException", "SNS_TOPIC_DOES_NOT_EXIST")),
        (PublishStatus.ACCESS_DENIED, ("AccessDeniedException", "ACCESS_DENIED_TO_SNS_TOPIC")),
        (PublishStatus.INTERNAL_ERROR, ("ServiceTemporarilyUnavailableException", None)),
    ],
)
def test_a_topic_that_cannot_be_published_to(
    call: Caller, template: str, status: PublishStatus, refusal: tuple[str, str | None]
) -> None:
    call.built.topics.answers[topic()] = Published(count=0, status=status, problem="No.")
    arguments = {"resourceArn": template, "event": "OTHER", "topicArn": topic()}
    assert call.refusal("SubscribeToEvent", **arguments) == refusal


def test_run_lists_the_outcome_of_its_notifications(call: Caller, template: str) -> None:
    call("SubscribeToEvent", resourceArn=template, event="ASSESSMENT_RUN_STATE_CHANGED", topicArn=topic())
    run = call.run(template)
    call.built.end_run(run)
    call.built.assembly.announcer().announce()
    (described,) = call("DescribeAssessmentRuns", assessmentRunArns=[run])["assessmentRuns"]
    assert described["notifications"] == []
    (made,) = call.built.stores.notifications.of_runs([run])[run]
    at = call.built.clock.now()
    failed = replace(made, tried_at=at, status=PublishStatus.ACCESS_DENIED, problem="No.", due_at=None)
    call.built.stores.notifications.save(failed)
    (described,) = call("DescribeAssessmentRuns", assessmentRunArns=[run])["assessmentRuns"]
    assert described["notifications"] == [
        {
            "date": at.timestamp(),
            "event": InspectorEvent.ASSESSMENT_RUN_STATE_CHANGED,
            "message": "The run is FAILED. No. No more retries.",
            "error": True,
            "snsTopicArn": topic(),
            "snsPublishStatusCode": "ACCESS_DENIED",
        }
    ]
