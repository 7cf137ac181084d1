"""Whoever carries messages out: to SNS topics and to webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from openinspector.model.arn import TopicArn
from openinspector.model.notification import PublishStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent."""

    id: str
    """The same however often it is sent: receivers tell by it what they have seen already."""
    event: str
    body: str
    """A JSON object (F10.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where a webhook's messages go, and what they are signed with."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """How far a publisher came: the first ``count`` messages were taken, and why the next was not."""

    count: int
    status: PublishStatus
    """SUCCESS where all were taken."""
    problem: str = ""


class TopicPublisher(Protocol):
    """Publishes to topics. Thread-safe; never raises for what the topic or the way to it does."""

    def publish(self, topic: TopicArn, messages: Sequence[Message]) -> Published:
        """Publish up to ten messages. Those after the first that is refused may have been taken as well."""
        ...


class WebhookPublisher(Protocol):
    """Posts to webhooks. Thread-safe; never raises for what the receiver or the way to it does."""

    def publish(self, endpoint: WebhookEndpoint, messages: Sequence[Message]) -> Published:
        """Post messages one after another, up to the first that is not taken."""
        ...
