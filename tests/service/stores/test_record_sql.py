from dataclasses import replace

import pytest
from sqlalchemy import Engine

from openinspector.model.arn import ScheduleArn, TargetArn, TemplateArn, WebhookArn, webhook_arn
from openinspector.model.notification import EventSubscription, Webhook
from openinspector.model.schedule import Schedule
from openinspector.service.ports.record_store import ScheduleStore, SubscriptionKey, SubscriptionStore, WebhookStore
from openinspector.service.stores.record_sql import (
    SCHEDULES,
    SUBSCRIPTIONS,
    WEBHOOKS,
    SqlListedRecordStore,
    SqlRecordStore,
)
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.record_store import ListedRecordStoreSuite, RecordStoreSuite
from openinspector.testing.record_builders import schedule, subscribed, webhook


class TestSchedules(ListedRecordStoreSuite[ScheduleArn, Schedule]):
    @pytest.fixture
    def store(self, engine: Engine) -> ScheduleStore:
        return SqlListedRecordStore(engine, SCHEDULES)

    def make(self, number: int = 1, template: int = 1, target: int = 1) -> Schedule:
        return schedule(number, template, target)

    def key(self, record: Schedule) -> ScheduleArn:
        return record.arn

    def changed(self, record: Schedule) -> Schedule:
        return replace(record, expression="rate(1 day)")

    def test_every_field_is_stored(self, store: ScheduleStore) -> None:
        full = schedule(enabled=False, last_run_arn=builders.run().arn, last_problem="Zürich \x00")
        store.add(full)
        assert store.get(full.arn) == full

    @pytest.mark.parametrize(
        "changed",
        [schedule(enabled=False), schedule(expression="rate(1 day)"), schedule(next_at=builders.moment(500))],
    )
    def test_user_changes_conflict_and_start_results_do_not(self, store: ScheduleStore, changed: Schedule) -> None:
        read = schedule()
        store.add(read)
        assert store.replace(read, changed)
        assert not store.replace(read, schedule(next_at=builders.moment(900), last_problem="late"))
        assert store.get(read.arn) == changed
        noted = replace(changed, last_problem="busy", last_run_arn=builders.run().arn)
        assert store.replace(changed, noted)
        assert store.replace(changed, changed)
        assert store.get(read.arn) == changed


class TestSubscriptions(RecordStoreSuite[SubscriptionKey, EventSubscription]):
    @pytest.fixture
    def store(self, engine: Engine) -> SubscriptionStore:
        return SqlRecordStore(engine, SUBSCRIPTIONS)

    def make(self, number: int = 1, template: int = 1, target: int = 1) -> EventSubscription:
        return subscribed(topic_number=number, template=template, target=target, at=number)

    def key(self, record: EventSubscription) -> SubscriptionKey:
        return SubscriptionKey(record.template_arn, record.topic_arn, record.event)

    def changed(self, record: EventSubscription) -> EventSubscription:
        return replace(record, subscribed_at=builders.moment(900))


class TestWebhooks(ListedRecordStoreSuite[WebhookArn, Webhook]):
    @pytest.fixture
    def store(self, engine: Engine) -> WebhookStore:
        return SqlListedRecordStore(engine, WEBHOOKS)

    def make(self, number: int = 1, template: int = 1, target: int = 1) -> Webhook:
        return webhook(number, template, target)

    def key(self, record: Webhook) -> WebhookArn:
        return record.arn

    def changed(self, record: Webhook) -> Webhook:
        return replace(record, url="https://receiver.example/Zürich?a=%20")

    def test_template_with_a_common_prefix_keeps_its_records(self, store: WebhookStore) -> None:
        """A wildcard of LIKE in a name is an ordinary character."""
        parent = builders.target(1).arn
        first, alike, elsewhere = (
            TemplateArn(f"{target}/template/{name}")
            for target, name in ((parent, "0-a_"), (parent, "0-ab"), (builders.target(2).arn, "0-a_"))
        )
        for template in (first, alike, elsewhere):
            store.add(webhook(arn=webhook_arn(template, "0-1"), template_arn=template))
        assert store.delete_below(first) == 1
        assert store.templates() == [alike, elsewhere]
        assert store.delete_below(TargetArn(parent)) == 1
        assert store.templates() == [elsewhere]
