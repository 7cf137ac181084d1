"""Due notifications are delivered at least once: retries, batches of findings, and a process that dies anywhere."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.arn import FindingArn, TopicArn, WebhookArn
from openinspector.model.notification import InspectorEvent, Notification, PublishStatus, Webhook
from openinspector.service.app.counters import Counters
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.ports.publisher import Message, Published
from openinspector.service.ports.wrapped_key_store import WrappedKind
from openinspector.service.stores.key_provider_file import FileKeyProvider
from openinspector.service.worker.courier import BATCH, BATCHES_A_TURN, LONGEST_PAUSE, Courier, RetryPolicy
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.notification_store import notification
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.memory_assessment_store import MemoryAssessmentStore
from openinspector.testing.memory_finding_store import MemoryFindingStore
from openinspector.testing.memory_notification_store import MemoryNotificationStore
from openinspector.testing.memory_publisher import MemoryPublisher, MemoryReceivers
from openinspector.testing.memory_record_store import MemoryRecordStore
from openinspector.testing.record_builders import topic, webhook

E = InspectorEvent
RUN = builders.run()
GIVE_UP = timedelta(hours=24)


class World:
    """A courier over stores in memory, with a run and as many findings as a test needs."""

    def __init__(self, box: SecretBox, findings: int = 0) -> None:
        self.clock = FakeClock(builders.moment(10))
        self.assessments = MemoryAssessmentStore()
        self.assessments.add_target(builders.target())
        self.assessments.add_template(builders.template())
        self.assessments.add_run(RUN, ())
        self.findings = MemoryFindingStore(self.assessments)
        self.findings.add_findings([builders.finding(number) for number in range(findings)])
        self.notifications = MemoryNotificationStore()
        self.webhooks = MemoryRecordStore[WebhookArn, Webhook](lambda held: held.url)
        self.topics, self.receivers, self.counters = MemoryPublisher(), MemoryReceivers(), Counters()
        self.box = box
        self.courier = Courier(
            notifications=self.notifications,
            assessments=self.assessments,
            findings=self.findings,
            webhooks=self.webhooks,
            webhook_secrets=box,
            topic_publisher=self.topics,
            webhook_publisher=self.receivers,
            counters=self.counters,
            clock=self.clock,
            retry_policy=RetryPolicy(give_up=GIVE_UP, random=lambda: 0.0),
        )

    def held(self, number: int = 1) -> Notification:
        return next(one for one in self.notifications.of_runs([RUN.arn])[RUN.arn] if one.id == notification(number).id)

    def reported(self) -> list[str]:
        return [json.loads(body)["finding"] for body in self.topics.bodies(topic())]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> SecretBox:
    return SecretBox(WrappedKind.WEBHOOK, FileKeyProvider(tmp_path_factory.mktemp("keys") / "keys.json"), os.urandom)


def refused(status: PublishStatus = PublishStatus.INTERNAL_ERROR, count: int = 0) -> Published:
    return Published(count=count, status=status, problem="It hangs.")


def arns(count: int) -> list[FindingArn]:
    return [builders.finding(number).arn for number in range(count)]


def test_notifications_are_delivered_once(box: SecretBox) -> None:
    world = World(box)
    world.notifications.add([notification(1), notification(2, event=E.ASSESSMENT_RUN_COMPLETED)])
    assert world.courier.deliver(topic())
    assert [json.loads(body)["event"] for body in world.topics.bodies(topic())] == [
        "ASSESSMENT_RUN_STARTED",
        "ASSESSMENT_RUN_COMPLETED",
    ]
    assert (world.held().due_at, world.held().status) == (None, PublishStatus.SUCCESS)
    assert world.courier.deliver(topic())
    assert len(world.topics.taken) == 2
    assert world.counters.value("openinspector_notifications_total", kind="topic", outcome="SUCCESS") == 2


def test_a_failed_delivery_is_retried_with_backoff(box: SecretBox) -> None:
    world = World(box)
    world.notifications.add([notification(1), notification(2)])
    world.topics.answers[topic()] = refused(PublishStatus.ACCESS_DENIED)
    pauses = []
    for _ in range(14):
        before = world.clock.now()
        assert not world.courier.deliver(topic())
        due_at = world.held().due_at
        assert due_at is not None
        pauses.append((due_at - before).total_seconds())
        world.clock.advance(pauses[-1])
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses[-1] == LONGEST_PAUSE.total_seconds()
    assert world.held(2).status is None  # a turn ends with the first failure
    assert (world.held().status, world.held().problem) == (PublishStatus.ACCESS_DENIED, "It hangs.")
    del world.topics.answers[topic()]
    assert world.courier.deliver(topic())
    assert (world.held().due_at, world.held().problem) == (None, "")


def test_pauses_have_jitter() -> None:
    spread = RetryPolicy(give_up=GIVE_UP, random=lambda: 1.0)
    assert spread.pause(1) == timedelta(seconds=2.5)
    assert spread.pause(10_000) == LONGEST_PAUSE / 2


def test_permanently_failing_delivery_is_abandoned_and_listed(box: SecretBox) -> None:
    world = World(box)
    world.notifications.add([notification(1)])
    world.topics.answers[topic()] = refused(PublishStatus.TOPIC_DOES_NOT_EXIST)
    world.clock.advance(GIVE_UP.total_seconds())
    assert not world.courier.deliver(topic())
    assert (world.held().due_at, world.held().status) == (None, PublishStatus.TOPIC_DOES_NOT_EXIST)
    assert world.counters.value("openinspector_notifications_total", kind="topic", outcome="GIVEN_UP") == 1


def test_findings_are_sent_in_bounded_batches(box: SecretBox) -> None:
    a_turn = BATCH * BATCHES_A_TURN
    world = World(box, a_turn + 25)
    world.notifications.add([notification(1, event=E.FINDING_REPORTED)])
    assert world.courier.deliver(topic())
    assert len(world.topics.taken) == a_turn
    assert world.held().due_at is not None
    assert world.courier.deliver(topic())
    assert world.reported() == arns(a_turn + 25)
    progress = world.held().progress
    assert (world.held().due_at, progress and progress.reported) == (None, a_turn + 25)
    assert len({message.id for _, message in world.topics.taken}) == a_turn + 25


def test_the_rest_of_a_partly_accepted_batch_is_sent_later(box: SecretBox) -> None:
    world = World(box, 12)
    world.notifications.add([notification(1, event=E.FINDING_REPORTED)])
    world.topics.answers[topic()] = refused(count=4)
    assert not world.courier.deliver(topic())
    progress, attempts = world.held().progress, world.held().attempts
    assert (progress and progress.reported, attempts) == (4, 1)
    del world.topics.answers[topic()]
    world.clock.advance(5)
    assert world.courier.deliver(topic())
    assert world.reported() == arns(12)


def test_run_without_findings_sends_nothing(box: SecretBox) -> None:
    world = World(box)
    world.notifications.add([notification(1, event=E.FINDING_REPORTED)])
    assert world.courier.deliver(topic())
    assert world.held().due_at is None
    assert world.topics.taken == []


def test_notifications_of_a_deleted_run_are_deleted(box: SecretBox) -> None:
    world = World(box)
    world.notifications.add([notification(1, run_arn=builders.run(7).arn)])
    assert world.courier.deliver(topic())
    assert world.topics.taken == []
    assert world.notifications.runs() == []


def test_a_webhook_is_signed_with_its_secret_and_a_deleted_one_gets_nothing(box: SecretBox) -> None:
    world = World(box)
    kept = webhook(sealed_secret=box.seal(webhook().arn, "a secret"))
    world.webhooks.add(kept)
    world.notifications.add([notification(1, subscriber=kept.arn), notification(2, subscriber=webhook(2).arn)])
    assert world.courier.deliver(kept.arn)
    ((endpoint, _),) = world.receivers.taken
    assert (endpoint.url, endpoint.secret) == (kept.url, "a secret")
    assert "a secret" not in repr(endpoint)
    world.courier.deliver(webhook(2).arn)
    assert [one.id for one in world.notifications.of_runs([RUN.arn])[RUN.arn]] == [notification(1).id]
    assert len(world.receivers.taken) == 1


def test_a_secret_that_does_not_open_is_listed_as_a_problem(box: SecretBox) -> None:
    world = World(box)
    world.webhooks.add(webhook(sealed_secret=box.seal(webhook(2).arn, "another's")))
    world.notifications.add([notification(1, subscriber=webhook().arn)])
    assert not world.courier.deliver(webhook().arn)
    assert "cannot be opened" in world.held().problem
    assert world.receivers.taken == []


class Death(BaseException):
    """The process is killed."""


@dataclass
class MortalStore(MemoryNotificationStore):
    """Dies before or after it saves, as planned."""

    plan: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def save(self, notification: Notification) -> bool:
        fate = self.plan.pop(0) if self.plan else ""
        if fate == "before":
            raise Death
        saved = super().save(notification)
        if fate == "after":
            raise Death
        return saved


@dataclass
class UnreliablePublisher(MemoryPublisher):
    """Accepts a part of a batch, nothing, or dies, as planned; after the plan it accepts everything."""

    plan: list[int | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def publish(self, topic: TopicArn, messages: Sequence[Message]) -> Published:
        if not self.plan:
            return super().publish(topic, messages)
        taken = self.plan.pop(0)
        if taken is None:
            super().publish(topic, messages[: len(messages) // 2])
            raise Death
        count = min(taken, len(messages))
        super().publish(topic, messages[:count])
        if count == len(messages):
            return Published(count=count, status=PublishStatus.SUCCESS)
        return refused(count=count)


@given(
    findings=st.integers(0, 35),
    saves=st.lists(st.sampled_from(["", "before", "after"]), max_size=8),
    publishes=st.lists(st.none() | st.integers(0, 10), max_size=8),
)
def test_every_notification_is_delivered_at_least_once(
    box: SecretBox, findings: int, saves: list[str], publishes: list[int | None]
) -> None:
    """In order of first arrival, and repeated only as often as something failed."""
    world = World(box, findings)
    store, publisher = MortalStore(plan=list(saves)), UnreliablePublisher(plan=list(publishes))
    courier = replace(world.courier, notifications=store, topic_publisher=publisher)
    pending = [
        notification(1),
        notification(2, event=E.FINDING_REPORTED),
        notification(3, event=E.ASSESSMENT_RUN_COMPLETED),
    ]
    store.add(pending)
    misfortunes = len(saves) + len(publishes)
    for _ in range(2 * misfortunes + 5):
        try:
            courier.deliver(topic())
        except Death:
            courier = replace(courier)  # the next process has what the store kept, and nothing else
        world.clock.advance(LONGEST_PAUSE.total_seconds())
    assert not store.subscribers_due(world.clock.now() + LONGEST_PAUSE)
    ids = Counter(message.id for _, message in publisher.taken)
    assert len(ids) == findings + 2
    assert sorted({str(json.loads(body).get("finding")) for body in publisher.bodies(topic())} - {"None"}) == arns(
        findings
    )
    assert max(ids.values()) <= 1 + misfortunes
    if not misfortunes:
        assert set(ids.values()) == {1}
