"""SNS and SQS of moto's server on loopback: real HTTP for a real client, and queues to read the messages of a topic."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import boto3

from openinspector.model.arn import TopicArn

REGION: Final = "us-east-1"
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
_NO_CONFIGURATION: Final = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


@dataclass(frozen=True, slots=True, kw_only=True)
class MotoSns:
    """A running server; ``environment`` is what a client needs."""

    url: str

    @property
    def environment(self) -> Mapping[str, str]:
        """Fake credentials, and no settings of the user who runs the tests."""
        return {**CREDENTIALS, **_NO_CONFIGURATION, "NO_PROXY": "127.0.0.1"}

    def client(self, service: str, region: str = REGION) -> Any:
        """Return a client of ``sns`` or ``sqs``."""
        names = {name.lower(): value for name, value in CREDENTIALS.items()}
        return boto3.Session(region_name=region).client(service, endpoint_url=self.url, **names)

    def topic(self, name: str, region: str = REGION) -> "MotoTopic":
        """Create a topic, with a queue that receives its messages."""
        sns, sqs = self.client("sns", region), self.client("sqs", region)
        arn = sns.create_topic(Name=name)["TopicArn"]
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        place = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=place)
        return MotoTopic(arn=TopicArn(arn), queue=queue, sqs=sqs)


@dataclass(frozen=True, slots=True, kw_only=True)
class MotoTopic:
    """A topic and its queue."""

    arn: TopicArn
    queue: str
    sqs: Any

    def received(self) -> list[dict[str, Any]]:
        """Take every message out of the queue: envelopes of SNS, with ``Message`` and ``MessageAttributes``."""
        found: list[dict[str, Any]] = []
        while batch := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", ()):
            for message in batch:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def bodies(self) -> list[dict[str, Any]]:
        """Take every message and return its content."""
        return [json.loads(envelope["Message"]) for envelope in self.received()]


@contextmanager
def moto_sns() -> Iterator[MotoSns]:
    """Run moto's server on a free port of loopback."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - only tests have it

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield MotoSns(url=f"http://{host}:{port}")
    server.stop()
