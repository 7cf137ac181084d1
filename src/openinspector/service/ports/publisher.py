"""Publishers of messages to SNS topics and webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from openinspector.model.arn import TopicArn
from openinspector.model.notification import PublishStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to a subscriber."""

    id: str
    """The same at every attempt, so that receivers can detect duplicates."""
    event: str
    body: str
    """A JSON object (F10.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """URL of a webhook and the secret that signs its messages."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Result of publishing: the number of messages accepted, and why the next was not."""

    count: int
    status: PublishStatus
    """SUCCESS if all were accepted."""
    problem: str = ""


class TopicPublisher(Protocol):
    """Publishes to topics. Thread-safe; failures of the topic or network are returned, not raised."""

    def publish(self, topic: TopicArn, messages: Sequence[Message]) -> Published:
        """Publish up to ten messages. Messages after the first refused one may have been accepted as well."""
        ...


class WebhookPublisher(Protocol):
    """Posts to webhooks. Thread-safe; failures of the receiver or network are returned, not raised."""

    def publish(self, endpoint: WebhookEndpoint, messages: Sequence[Message]) -> Published:
        """Post messages one by one, up to the first that is not accepted."""
        ...
