from dataclasses import replace

import pytest
from sqlalchemy import Engine

from openinspector.model.arn import ScheduleArn, TargetArn, TemplateArn, WaiverArn, WebhookArn, webhook_arn
from openinspector.model.ground import Part
from openinspector.model.notification import EventSubscription, Webhook
from openinspector.model.schedule import Schedule
from openinspector.model.waiver import GroundChange, TemplateWaiver, WaiverEnd, WaiverScope, WaiverVerdict
from openinspector.service.ports.record_store import (
    RecordExistsError,
    ScheduleStore,
    SubscriptionKey,
    SubscriptionStore,
    TailoringStore,
    WaiverStore,
    WebhookStore,
)
from openinspector.service.stores.record_sql import (
    SCHEDULES,
    SUBSCRIPTIONS,
    TAILORINGS,
    WAIVERS,
    WEBHOOKS,
    SqlListedRecordStore,
    SqlRecordStore,
)
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.record_store import ListedRecordStoreSuite, RecordStoreSuite
from openinspector.testing.record_builders import schedule, subscribed, tailoring, waiver, webhook


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


class TestWaivers(ListedRecordStoreSuite[WaiverArn, TemplateWaiver]):
    @pytest.fixture
    def store(self, engine: Engine) -> WaiverStore:
        return SqlListedRecordStore(engine, WAIVERS)

    def make(self, number: int = 1, template: int = 1, target: int = 1) -> TemplateWaiver:
        return waiver(number, template, target)

    def key(self, record: TemplateWaiver) -> WaiverArn:
        return record.arn

    def changed(self, record: TemplateWaiver) -> TemplateWaiver:
        return replace(record, waiver=replace(record.waiver, reason="Zürich \x00"))

    def test_every_field_is_stored(self, store: WaiverStore) -> None:
        change = GroundChange(part=Part.SETTING, key="state", was=("on",), now=("off", "on"))
        full = waiver(
            verdict=WaiverVerdict.MITIGATED,
            scope=WaiverScope(issues=("CVE-2026-1", "a_rule"), subject="openssl*", agent_ids=("i-1",)),
            ends=(WaiverEnd(agent_id="i-1", ended_on=builders.moment(1).date(), change=change),),
        )
        store.add(replace(full, from_file=True))
        assert store.get(full.arn) == replace(full, from_file=True)


class TestTailorings:
    """A template has one tailoring, so the suite of several records does not fit."""

    @pytest.fixture
    def store(self, engine: Engine) -> TailoringStore:
        return SqlRecordStore(engine, TAILORINGS)

    def test_a_template_has_one(self, store: TailoringStore) -> None:
        first, second = tailoring(1), tailoring(2, shell_timeout_seconds="600")
        store.add(first)
        with pytest.raises(RecordExistsError):
            store.add(second)
        assert store.replace(first, second)
        assert store.get(first.template_arn) == second
        assert not store.replace(first, first), "it changed since it was read"

    def test_deleting_below_a_template_deletes_its_tailoring(self, store: TailoringStore) -> None:
        for made in (tailoring(), tailoring(template=2)):
            store.add(made)
        assert store.delete_below(tailoring().template_arn) == 1
        assert store.get(tailoring().template_arn) is None
        assert store.templates() == [tailoring(template=2).template_arn]
        assert store.delete(tailoring(template=2).template_arn)
