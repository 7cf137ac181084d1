"""Against SNS of moto's server, over HTTP; what a queue got is the very message."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from openinspector.model.arn import TopicArn
from openinspector.model.notification import PublishStatus
from openinspector.service.notify.topic_sns import DELIVERY_ATTRIBUTE, SnsTopicPublisher
from openinspector.service.ports.publisher import Message
from openinspector.testing.moto_sns import MotoSns


def messages(count: int) -> list[Message]:
    return [Message(id=f"{n:032x}", event="OTHER", body=f'{{"number": {n}, "name": "Zürich"}}') for n in range(count)]


@pytest.fixture
def publisher(sns: MotoSns) -> SnsTopicPublisher:
    return SnsTopicPublisher(sns.url)


def test_batch_arrives_unchanged(sns: MotoSns, publisher: SnsTopicPublisher) -> None:
    topic = sns.topic("batch")
    published = publisher.publish(topic.arn, messages(10))
    assert (published.count, published.status) == (10, PublishStatus.SUCCESS)
    received = topic.received()
    assert sorted(one["Message"] for one in received) == sorted(message.body for message in messages(10))
    ids = {one["MessageAttributes"][DELIVERY_ATTRIBUTE]["Value"] for one in received}
    assert ids == {message.id for message in messages(10)}


def test_topic_is_published_in_its_region(sns: MotoSns, publisher: SnsTopicPublisher) -> None:
    topic = sns.topic("elsewhere", "eu-west-1")
    assert publisher.publish(topic.arn, messages(1)).status is PublishStatus.SUCCESS
    assert len(topic.received()) == 1


def test_missing_topic_is_reported(publisher: SnsTopicPublisher) -> None:
    published = publisher.publish(TopicArn("arn:aws:sns:us-east-1:123456789012:nobody"), messages(2))
    assert (published.count, published.status) == (0, PublishStatus.TOPIC_DOES_NOT_EXIST)


def test_a_publisher_without_permission_is_denied(sns: MotoSns) -> None:
    """Once moto checks signatures and policies, an unknown key may do nothing."""
    topic = sns.topic("denied")
    with checking_credentials(sns):
        published = SnsTopicPublisher(sns.url).publish(topic.arn, messages(1))
    assert (published.count, published.status) == (0, PublishStatus.ACCESS_DENIED), published.problem


def test_missing_endpoint_is_unreachable(sns: MotoSns) -> None:
    topic = sns.topic("alone")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = SnsTopicPublisher(f"http://127.0.0.1:{unused.getsockname()[1]}")
        published = gone.publish(topic.arn, messages(1))
    assert (published.count, published.status) == (0, PublishStatus.INTERNAL_ERROR)


def test_an_endpoint_that_hangs_is_unreachable(sns: MotoSns) -> None:
    topic = sns.topic("hanging")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = SnsTopicPublisher(f"http://127.0.0.1:{silent.getsockname()[1]}", read_seconds=0.1)
        assert "Read timeout" in slow.publish(topic.arn, messages(1)).problem


def test_missing_credentials_are_explained(sns: MotoSns, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = sns.topic("nobody")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    published = SnsTopicPublisher(sns.url).publish(topic.arn, messages(1))
    assert published.status is PublishStatus.INTERNAL_ERROR
    assert "credentials" in published.problem


@contextmanager
def checking_credentials(sns: MotoSns) -> Iterator[None]:
    httpx.post(f"{sns.url}/moto-api/reset-auth", content=b"0").raise_for_status()
    yield
    httpx.post(f"{sns.url}/moto-api/reset-auth", content=b"inf").raise_for_status()
