"""Subscribing asks the topic; subscriptions are deleted with their template."""

import pytest

from openinspector.model.arn import RunArn, TopicArn
from openinspector.model.notification import InspectorEvent, PublishStatus
from openinspector.service.app.errors import AccessDenied, CodedError, InvalidInput, LimitExceeded, Unavailable
from openinspector.service.app.subscriptions import Subscription
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.ports.publisher import Published
from openinspector.service.ports.record_store import SubscriptionKey
from openinspector.testing import model_builders as builders
from openinspector.testing.installation import BuiltInstallation, open_installation
from openinspector.testing.record_builders import subscribed, topic

E = InspectorEvent
TEMPLATE = builders.template().arn


@pytest.fixture
def built(built: BuiltInstallation) -> BuiltInstallation:
    built.stores.assessments.add_target(builders.target())
    for number in (1, 2):
        built.stores.assessments.add_template(builders.template(number))
    return built


def held(built: BuiltInstallation) -> list[InspectorEvent]:
    return [one.event for one in built.stores.subscriptions.of_templates([TEMPLATE])]


def code(error: pytest.ExceptionInfo[CodedError]) -> str:
    return error.value.code


def test_topic_gets_one_confirmation(built: BuiltInstallation) -> None:
    for event in (E.FINDING_REPORTED, E.OTHER, E.FINDING_REPORTED):
        built.app.subscriptions.subscribe(TEMPLATE, event, topic())
    (body,) = built.topics.bodies(topic())
    assert "ENABLE_ASSESSMENT_NOTIFICATIONS" in body
    assert held(built) == [E.FINDING_REPORTED, E.OTHER]
    built.app.subscriptions.subscribe(builders.template(2).arn, E.OTHER, topic())
    assert len(built.topics.taken) == 2


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (PublishStatus.TOPIC_DOES_NOT_EXIST, CodedError, "SNS_TOPIC_DOES_NOT_EXIST"),
        (PublishStatus.ACCESS_DENIED, AccessDenied, "ACCESS_DENIED_TO_SNS_TOPIC"),
        (PublishStatus.INTERNAL_ERROR, Unavailable, ""),
    ],
)
def test_a_topic_that_cannot_be_notified_is_not_subscribed(
    built: BuiltInstallation, status: PublishStatus, kind: type[Exception], message: str
) -> None:
    built.topics.answers[topic()] = Published(count=0, status=status, problem="no")
    with pytest.raises(kind) as error:
        built.app.subscriptions.subscribe(TEMPLATE, E.OTHER, topic())
    assert getattr(error.value, "code", "") == message
    assert held(built) == []


@pytest.mark.parametrize(
    "text",
    ["t", "arn:aws:sns:us-east-1:1:t", "arn:aws:sqs:us-east-1:123456789012:t", f"{topic()}.fifo", f"{topic()}:sub", ""],
)
def test_malformed_topic_gets_no_request(built: BuiltInstallation, text: str) -> None:
    for change in (built.app.subscriptions.subscribe, built.app.subscriptions.unsubscribe):
        with pytest.raises(InvalidInput) as error:
            change(TEMPLATE, E.OTHER, text)
        assert code(error) == "INVALID_SNS_TOPIC_ARN"
    assert built.topics.taken == []


def test_number_of_subscriptions_is_limited(tmp_path_factory: pytest.TempPathFactory) -> None:
    built = open_installation(tmp_path_factory.mktemp("few"), subscriptions=2)
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template())
    for number in (1, 2):
        built.app.subscriptions.subscribe(TEMPLATE, E.OTHER, topic(number))
        built.app.webhooks.create(TEMPLATE, f"https://receiver.example/{number}", [E.OTHER])
    with pytest.raises(LimitExceeded) as error:
        built.app.subscriptions.subscribe(TEMPLATE, E.OTHER, topic(3))
    assert code(error) == "EVENT_SUBSCRIPTION_LIMIT_EXCEEDED"
    assert built.topics.bodies(topic(3)) == []
    built.app.subscriptions.subscribe(TEMPLATE, E.OTHER, topic(2))
    with pytest.raises(LimitExceeded):
        built.app.webhooks.create(TEMPLATE, "https://receiver.example/3", [E.OTHER])


def test_unsubscribing_cancels_pending_notifications(built: BuiltInstallation) -> None:
    for event in (E.FINDING_REPORTED, E.ASSESSMENT_RUN_STATE_CHANGED):
        built.app.subscriptions.subscribe(TEMPLATE, event, topic())
    run = a_run_that_ended(built)
    built.app.subscriptions.unsubscribe(TEMPLATE, E.FINDING_REPORTED, topic())
    assert [one.event for one in built.stores.notifications.of_runs([run])[run]] == [E.ASSESSMENT_RUN_STATE_CHANGED]
    with pytest.raises(CodedError) as error:
        built.app.subscriptions.unsubscribe(TEMPLATE, E.FINDING_REPORTED, topic())
    assert code(error) == "INVALID_EVENT"
    assert "not subscribed to FINDING_REPORTED" in str(error.value)


def a_run_that_ended(built: BuiltInstallation) -> RunArn:
    run = builders.run(created_at=built.clock.now())
    built.stores.assessments.add_run(run, ())
    built.end_run(run.arn)
    built.assembly.announcer().announce()
    return run.arn


def everything(built: BuiltInstallation) -> tuple[int, int, int]:
    stores = built.stores
    return len(stores.subscriptions.templates()), len(stores.webhooks.templates()), len(stores.notifications.runs())


@pytest.fixture
def full(built: BuiltInstallation) -> BuiltInstallation:
    """Both templates have a subscription and a webhook; a run of the first has notifications."""
    for number in (1, 2):
        arn = builders.template(number).arn
        built.app.subscriptions.subscribe(arn, E.ASSESSMENT_RUN_STATE_CHANGED, TopicArn(topic(number)))
        built.app.webhooks.create(arn, "https://receiver.example/", [E.ASSESSMENT_RUN_STATE_CHANGED])
    a_run_that_ended(built)
    assert everything(built) == (2, 2, 1)
    return built


def test_records_are_deleted_with_their_template_target_or_run(full: BuiltInstallation) -> None:
    full.app.runs.delete(builders.run().arn)
    assert everything(full) == (2, 2, 0)
    a_run_that_ended(full)
    full.app.templates.delete(TEMPLATE)
    assert everything(full) == (1, 1, 0)
    full.app.targets.delete(builders.target().arn)
    assert everything(full) == (0, 0, 0)


def test_orphans_of_a_crash_are_deleted(full: BuiltInstallation) -> None:
    full.stores.assessments.delete_template(TEMPLATE)
    full.assembly.deletion().delete_orphans()
    assert everything(full) == (1, 1, 0)
    assert full.stores.webhooks.templates() == [builders.template(2).arn]


def listed(built: BuiltInstallation, page: PageRequest, resource: str | None = None) -> Page[Subscription]:
    return built.app.subscriptions.list_page(resource, page)


def test_a_list_has_a_row_per_template_and_topic(built: BuiltInstallation) -> None:
    """F10.3."""
    for one in (
        subscribed(E.OTHER, topic_number=2),
        subscribed(E.FINDING_REPORTED, topic_number=2, at=3),
        subscribed(topic_number=1),
        subscribed(template=2),
    ):
        built.stores.subscriptions.add(one)
    first = listed(built, PageRequest(limit=2))
    assert {row.topic_arn: [one.event for one in row.events] for row in first.rows} == {
        topic(1): [E.FINDING_REPORTED],
        topic(2): [E.FINDING_REPORTED, E.OTHER],
    }
    second = listed(built, PageRequest(limit=2, after=first.next))
    assert [row.template_arn for row in second.rows] == [builders.template(2).arn]
    assert second.next is None
    assert list(listed(built, PageRequest(limit=9), builders.template(2).arn).rows) == list(second.rows)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20])
def test_pages_list_each_lasting_row_once_during_changes(built: BuiltInstallation, limit: int) -> None:
    store = built.stores.subscriptions
    kept = [subscribed(topic_number=n, template=t) for t in (1, 2, 3, 4) for n in range(5)]
    for one in kept:
        store.add(one)
    passing = [subscribed(topic_number=100, template=t) for t in (0, 2, 9)]
    seen, after = list[tuple[str, str]](), None
    for turn in range(2 * len(kept)):
        page = listed(built, PageRequest(limit=limit, after=after))
        assert len(page.rows) <= limit
        seen += [(row.template_arn, row.topic_arn) for row in page.rows]
        after = page.next
        if after is None:
            break
        # A row that the cursor may point at, or one before or after it, is added and deleted in turn.
        for one in passing:
            if turn % 2:
                store.delete(SubscriptionKey(one.template_arn, one.topic_arn, one.event))
            else:
                store.add(one)
    assert after is None
    expected = [(one.template_arn, one.topic_arn) for one in kept]
    assert sorted(one for one in seen if one[1] != topic(100)) == sorted(expected)


def test_cursor_survives_deletion_of_its_row(built: BuiltInstallation) -> None:
    for number in range(4):
        built.stores.subscriptions.add(subscribed(topic_number=number))
    whole = listed(built, PageRequest(limit=9))
    first = listed(built, PageRequest(limit=2), TEMPLATE)
    assert list(first.rows) == list(whole.rows[:2])
    last = first.rows[-1].events[0]
    built.stores.subscriptions.delete(SubscriptionKey(last.template_arn, last.topic_arn, last.event))
    rest = listed(built, PageRequest(limit=9, after=first.next), TEMPLATE)
    assert (list(rest.rows), rest.next) == (list(whole.rows[2:]), None)
