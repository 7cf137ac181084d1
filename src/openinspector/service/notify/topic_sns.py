"""Publishes to SNS topics of AWS, or of a server with its API at a configured endpoint.

Credentials come from boto3's sources (environment, profile, instance role). The region is that of the topic's ARN. Does
not retry: the caller keeps undelivered messages. https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
"""

from collections.abc import Mapping, Sequence
from threading import Lock
from types import MappingProxyType
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from openinspector.model.arn import TopicArn, region_of
from openinspector.model.notification import PublishStatus
from openinspector.service.ports.publisher import Message, Published

DELIVERY_ATTRIBUTE: Final = "openinspector-delivery"
"""The message attribute that holds a message's id."""
_SUCCESS: Final = PublishStatus.SUCCESS
_STATUS: Final[Mapping[str, PublishStatus]] = MappingProxyType(
    {
        "NotFound": PublishStatus.TOPIC_DOES_NOT_EXIST,
        "NotFoundException": PublishStatus.TOPIC_DOES_NOT_EXIST,
        "AuthorizationError": PublishStatus.ACCESS_DENIED,
        "AuthorizationErrorException": PublishStatus.ACCESS_DENIED,
        "AccessDenied": PublishStatus.ACCESS_DENIED,
        "AccessDeniedException": PublishStatus.ACCESS_DENIED,
        "InvalidClientTokenId": PublishStatus.ACCESS_DENIED,
        "InvalidSecurity": PublishStatus.ACCESS_DENIED,
        "SignatureDoesNotMatch": PublishStatus.ACCESS_DENIED,
        "ExpiredToken": PublishStatus.ACCESS_DENIED,
        "KMSAccessDenied": PublishStatus.ACCESS_DENIED,
        "KMSAccessDeniedException": PublishStatus.ACCESS_DENIED,
    }
)
"""SNS's error codes about a topic. Other codes are about the service or this client."""


class SnsTopicPublisher:
    """A `TopicPublisher` on boto3. ``endpoint`` is empty for AWS."""

    def __init__(self, endpoint: str = "", *, connect_seconds: float = 5, read_seconds: float = 10) -> None:
        self._endpoint = endpoint or None
        # One attempt, without botocore's retries: the courier has the retry policy.
        self._config = Config(
            connect_timeout=connect_seconds,
            read_timeout=read_seconds,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=32,
        )
        self._lock = Lock()
        self._clients: dict[str, Any] = {}

    def publish(self, topic: TopicArn, messages: Sequence[Message]) -> Published:
        """Publish up to ten messages."""
        entries = [_entry(number, message) for number, message in enumerate(messages)]
        try:
            answer = self._client(region_of(topic)).publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
        except ClientError as error:
            details = error.response["Error"]
            return _refused(0, details.get("Code", ""), details.get("Message", ""))
        except BotoCoreError as error:
            problem = f"SNS cannot be asked: {error}."
            return Published(count=0, status=PublishStatus.INTERNAL_ERROR, problem=problem)
        failed = {int(entry["Id"]): entry for entry in answer.get("Failed", ())}
        if not failed:
            return Published(count=len(messages), status=_SUCCESS)
        first = min(failed)
        return _refused(first, failed[first].get("Code", ""), failed[first].get("Message", ""))

    def _client(self, region: str) -> Any:
        with self._lock:
            if region not in self._clients:
                session = boto3.Session(region_name=region)
                self._clients[region] = session.client("sns", endpoint_url=self._endpoint, config=self._config)
            return self._clients[region]


def _entry(number: int, message: Message) -> dict[str, object]:
    identity = {"DataType": "String", "StringValue": message.id}
    return {"Id": str(number), "Message": message.body, "MessageAttributes": {DELIVERY_ATTRIBUTE: identity}}


def _refused(count: int, code: str, message: str) -> Published:
    status = _STATUS.get(code, PublishStatus.INTERNAL_ERROR)
    return Published(count=count, status=status, problem=f"SNS refused: {code}: {message[:300]}")
