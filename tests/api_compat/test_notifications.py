"""Subscriptions through a real client, with SNS of moto behind the service: every error the model has for them."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api_compat.assessments import make_template, refusal
from tests.api_compat.endpoint import Endpoint, Listener, open_endpoint

from openinspector.service.notify.topic_sns import SnsTopicPublisher
from openinspector.testing import model_builders as builders
from openinspector.testing.moto_sns import MotoSns, moto_sns


@pytest.fixture(scope="module")
def sns() -> Iterator[MotoSns]:
    with moto_sns() as running:
        yield running


@pytest.fixture
def endpoint(listener: Listener, tmp_path: Path, sns: MotoSns, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    for name, value in sns.environment.items():
        monkeypatch.setenv(name, value)
    return open_endpoint(listener, tmp_path, topics=SnsTopicPublisher(sns.url), subscriptions=2)


@pytest.fixture
def template(client: Any) -> str:
    return make_template(client)


def test_a_topic_is_subscribed_and_notified_of_it(client: Any, template: str, sns: MotoSns) -> None:
    topic = sns.topic("subscribed")
    for event in ("ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED", "FINDING_REPORTED"):
        client.subscribe_to_event(resourceArn=template, event=event, topicArn=topic.arn)
    (body,) = topic.bodies()
    assert body.pop("time")
    target = template.partition("/template/")[0]
    assert body == {"event": "ENABLE_ASSESSMENT_NOTIFICATIONS", "target": target, "template": template}
    (row,) = client.list_event_subscriptions(resourceArn=template)["subscriptions"]
    assert {one["event"] for one in row["eventSubscriptions"]} == {"ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"}
    client.unsubscribe_from_event(resourceArn=template, event="FINDING_REPORTED", topicArn=topic.arn)
    (row,) = client.list_event_subscriptions()["subscriptions"]
    assert [one["event"] for one in row["eventSubscriptions"]] == ["ASSESSMENT_RUN_COMPLETED"]


def subscribing(client: Any, template: str, topic: str, event: str = "OTHER") -> tuple[int, str, object]:
    return refusal(client, "subscribe_to_event", resourceArn=template, event=event, topicArn=topic)


ABSENT = "arn:aws:sns:us-east-1:123456789012:absent"


def test_refusals(client: Any, template: str, sns: MotoSns) -> None:
    assert subscribing(client, template, ABSENT) == (400, "NoSuchEntityException", "SNS_TOPIC_DOES_NOT_EXIST")
    unknown = builders.template(9).arn
    gone = (400, "NoSuchEntityException", "ASSESSMENT_TEMPLATE_DOES_NOT_EXIST")
    assert subscribing(client, unknown, ABSENT) == gone
    invalid = (400, "InvalidInputException")
    assert subscribing(client, template, "topic") == (*invalid, "INVALID_SNS_TOPIC_ARN")
    assert subscribing(client, template, ABSENT, "FINDING") == (*invalid, "INVALID_EVENT")
    assert subscribing(client, "template", ABSENT) == (*invalid, "INVALID_RESOURCE_ARN")
    topic = sns.topic("limited").arn
    for event in ("ASSESSMENT_RUN_COMPLETED", "FINDING_REPORTED"):
        client.subscribe_to_event(resourceArn=template, event=event, topicArn=topic)
    limit = (400, "LimitExceededException", "EVENT_SUBSCRIPTION_LIMIT_EXCEEDED")
    assert subscribing(client, template, topic) == limit


def test_topic_without_permission_to_publish(client: Any, template: str, sns: MotoSns) -> None:
    topic = sns.topic("forbidden").arn
    httpx.post(f"{sns.url}/moto-api/reset-auth", content=b"0").raise_for_status()
    try:
        denied = (400, "AccessDeniedException", "ACCESS_DENIED_TO_SNS_TOPIC")
        assert subscribing(client, template, topic) == denied
    finally:
        httpx.post(f"{sns.url}/moto-api/reset-auth", content=b"inf").raise_for_status()


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield unused.getsockname()[1]


def test_sns_that_does_not_answer(
    listener: Listener, tmp_path: Path, closed_port: int, sns: MotoSns, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sns.environment.items():
        monkeypatch.setenv(name, value)
    nowhere = SnsTopicPublisher(f"http://127.0.0.1:{closed_port}")
    client = open_endpoint(listener, tmp_path, topics=nowhere).client()
    unavailable = (503, "ServiceTemporarilyUnavailableException", None)
    assert subscribing(client, make_template(client), ABSENT) == unavailable
    assert client.list_event_subscriptions()["subscriptions"] == []
