"""Nodes over one PostgreSQL deliver each message once to a slow receiver, and twice only around a kill."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from openinspector.model.arn import TopicArn
from openinspector.model.notification import PublishStatus
from openinspector.service.app.counters import Counters
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.ports.publisher import Message, Published
from openinspector.service.ports.wrapped_key_store import WrappedKind
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.findings.store import SqlFindingStore
from openinspector.service.stores.key_provider_file import FileKeyProvider
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.node_locks_sql import SqlNodeLocks
from openinspector.service.stores.node_sql import SqlNodeStore, session_name
from openinspector.service.stores.notification_sql import SqlNotificationStore
from openinspector.service.stores.record_sql import WEBHOOKS, SqlListedRecordStore
from openinspector.service.system_clock import SystemClock
from openinspector.service.worker.courier import Courier, RetryPolicy
from openinspector.service.worker.dispatch import Dispatch
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.notification_store import notification
from openinspector.testing.memory_publisher import MemoryReceivers
from openinspector.testing.postgresql import new_database
from openinspector.testing.record_builders import topic

MESSAGES = 30
RECEIVER_SECONDS = 0.05
RUN = builders.run()


class SlowReceiver:
    """A receiver that all nodes reach; a node that is killed dies before it hears the receiver's answer."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []
        """Node and message."""
        self.killed: set[str] = set()

    def publish_from(self, node: str, messages: Sequence[Message]) -> Published:
        for message in messages:
            time.sleep(RECEIVER_SECONDS)
            self.received.append((node, message.id))
            if node in self.killed:
                raise OSError("the node is dead")
        return Published(count=len(messages), status=PublishStatus.SUCCESS)


class Node:
    """A node's courier and dispatch, with database sessions under its name."""

    def __init__(self, name: str, url: str, receiver: SlowReceiver, folder: Path) -> None:
        self.name, self.receiver = name, receiver
        self.engine = open_engine(url, session_name(name))
        assessments = SqlAssessmentStore(self.engine)
        self.notifications = SqlNotificationStore(self.engine)
        courier = Courier(
            notifications=self.notifications,
            assessments=assessments,
            findings=SqlFindingStore(self.engine),
            webhooks=SqlListedRecordStore(self.engine, WEBHOOKS),
            webhook_secrets=SecretBox(WrappedKind.WEBHOOK, FileKeyProvider(folder / "keys.json"), bytes),
            topic_publisher=self,
            webhook_publisher=MemoryReceivers(),
            counters=Counters(),
            clock=SystemClock(),
            retry_policy=RetryPolicy(give_up=timedelta(days=36_500), random=lambda: 0.0),
        )
        self.dispatch = Dispatch(self.notifications, SqlNodeLocks(self.engine), courier.deliver, SystemClock())

    def publish(self, topic: TopicArn, messages: Sequence[Message]) -> Published:
        del topic
        return self.receiver.publish_from(self.name, messages)

    def turn(self) -> None:
        if self.name not in self.receiver.killed:
            self.dispatch.turn()


@pytest.fixture
def receiver() -> SlowReceiver:
    return SlowReceiver()


@pytest.fixture
def nodes(tmp_path: Path, postgresql_url: str, receiver: SlowReceiver) -> Iterator[list[Node]]:
    url = new_database(postgresql_url)
    opened = open_engine(url)
    migrate(opened)
    _fill(opened)
    opened.dispose()
    made = [Node(name, url, receiver, tmp_path) for name in ("one", "two")]
    yield made
    for node in made:
        node.dispatch.stop()
        node.engine.dispose()


def _fill(engine: Engine) -> None:
    assessments = SqlAssessmentStore(engine)
    assessments.add_target(builders.target())
    assessments.add_template(builders.template())
    assessments.add_run(RUN, ())
    SqlNotificationStore(engine).add([notification(number) for number in range(1, MESSAGES + 1)])


def deliver_all(nodes: list[Node], meanwhile: Callable[[], None] = lambda: None) -> None:
    deadline = time.monotonic() + 60
    while nodes[1].notifications.due(topic(), SystemClock().now(), 1):
        assert time.monotonic() < deadline
        for node in nodes:
            node.turn()
        meanwhile()
        time.sleep(0.02)


def test_two_nodes_deliver_each_message_once(nodes: list[Node], receiver: SlowReceiver) -> None:
    deliver_all(nodes)
    assert Counter(message for _, message in receiver.received) == Counter(
        f"{number:032x}" for number in range(1, MESSAGES + 1)
    )


def test_a_message_is_repeated_only_around_a_kill_and_none_is_lost(nodes: list[Node], receiver: SlowReceiver) -> None:
    registry = SqlNodeStore(nodes[1].engine)
    registry.register("one", "https://one", "1", ("worker",), timedelta(hours=1))
    nodes[0].turn()

    def kill() -> None:
        """Kill node one once it delivers, as its lease ends: its database sessions end, and with them its locks."""
        if receiver.received and not receiver.killed:
            receiver.killed.add("one")
            registry.renew("one", timedelta(seconds=-1))
            assert registry.remove_expired() == ["one"]

    deliver_all(nodes, kill)
    counts = Counter(message for _, message in receiver.received)
    assert set(counts) == {f"{number:032x}" for number in range(1, MESSAGES + 1)}
    assert {node for node, _ in receiver.received} == {"one", "two"}
    assert sum(counts.values()) <= MESSAGES + 1
