"""Topics that record messages, and fail as configured."""

import threading
from collections.abc import Sequence

from openinspector.model.arn import TopicArn
from openinspector.model.notification import PublishStatus
from openinspector.service.ports.publisher import Message, Published, WebhookEndpoint


class MemoryPublisher:
    """Implements `TopicPublisher`: every topic exists unless ``answers`` says otherwise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken: list[tuple[TopicArn, Message]] = []
        """Accepted messages, in order."""
        self.answers: dict[TopicArn, Published] = {}
        """Results for topics that do not accept every message."""

    def publish(self, topic: TopicArn, messages: Sequence[Message]) -> Published:
        """Record the accepted messages."""
        with self._lock:
            answer = self.answers.get(topic, Published(count=len(messages), status=PublishStatus.SUCCESS))
            self.taken += [(topic, message) for message in messages[: answer.count]]
            return answer

    def bodies(self, topic: TopicArn) -> list[str]:
        """Return the bodies that a topic accepted, in order."""
        return [message.body for published, message in self.taken if published == topic]


class MemoryReceivers:
    """Implements `WebhookPublisher`: every receiver accepts everything unless ``answer`` says otherwise."""

    def __init__(self) -> None:
        self.taken: list[tuple[WebhookEndpoint, Message]] = []
        self.answer: Published | None = None

    def publish(self, endpoint: WebhookEndpoint, messages: Sequence[Message]) -> Published:
        """Record the accepted messages."""
        answer = self.answer or Published(count=len(messages), status=PublishStatus.SUCCESS)
        self.taken += [(endpoint, message) for message in messages[: answer.count]]
        return answer
