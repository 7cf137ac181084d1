"""Topics that note what is published to them, and fail as they are told to."""

import threading
from collections.abc import Sequence

from openinspector.model.arn import TopicArn
from openinspector.model.notification import PublishStatus
from openinspector.service.ports.publisher import Message, Published, WebhookEndpoint


class MemoryPublisher:
    """Implements `TopicPublisher`: every topic is there unless ``answers`` says otherwise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken: list[tuple[TopicArn, Message]] = []
        """What topics took, in order."""
        self.answers: dict[TopicArn, Published] = {}
        """How topics answer that do not take everything."""

    def publish(self, topic: TopicArn, messages: Sequence[Message]) -> Published:
        """Note the messages that are taken."""
        with self._lock:
            answer = self.answers.get(topic, Published(count=len(messages), status=PublishStatus.SUCCESS))
            self.taken += [(topic, message) for message in messages[: answer.count]]
            return answer

    def bodies(self, topic: TopicArn) -> list[str]:
        """Return the bodies a topic took, in order."""
        return [message.body for told, message in self.taken if told == topic]


class MemoryReceivers:
    """Implements `WebhookPublisher`: every receiver takes everything, unless ``answer`` says otherwise."""

    def __init__(self) -> None:
        self.taken: list[tuple[WebhookEndpoint, Message]] = []
        self.answer: Published | None = None

    def publish(self, endpoint: WebhookEndpoint, messages: Sequence[Message]) -> Published:
        """Note the messages that are taken."""
        answer = self.answer or Published(count=len(messages), status=PublishStatus.SUCCESS)
        self.taken += [(endpoint, message) for message in messages[: answer.count]]
        return answer
