"""Contract tests for every notification store. Subclass, and provide an empty one as the fixture ``store``."""

from dataclasses import replace
from typing import Any

from openinspector.model.notification import InspectorEvent, Notification, Progress, PublishStatus
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.notification_store import NotificationStore
from openinspector.testing import model_builders as builders
from openinspector.testing.record_builders import topic, webhook


def notification(number: int = 1, **fields: Any) -> Notification:
    """Return a notification for topic 1, due at once: run 1 has started."""
    made = Notification(
        id=f"{number:032x}",
        run_arn=builders.run().arn,
        place=number,
        event=InspectorEvent.ASSESSMENT_RUN_STARTED,
        subscriber=topic(),
        new_state=None,
        happened_at=builders.moment(0),
        due_at=builders.moment(0),
    )
    return replace(made, **fields)


class NotificationStoreSuite:
    """The contract of `NotificationStore`."""

    def test_notifications_round_trip(self, store: NotificationStore) -> None:
        made = notification(new_state=AssessmentRunState.COMPLETED)
        store.add([made])
        progress = Progress(reported=7, created_at=builders.moment(3), arn=builders.finding(7).arn)
        changed = replace(
            made,
            due_at=None,
            attempts=3,
            tried_at=builders.moment(9),
            status=PublishStatus.ACCESS_DENIED,
            problem="Zürich \x00",
            progress=progress,
        )
        assert store.save(changed)
        store.add([made, notification(2)])
        assert store.of_runs([made.run_arn]) == {made.run_arn: [changed, notification(2)]}
        assert not store.save(notification(3))
        store.add([])

    def test_due_notifications(self, store: NotificationStore) -> None:
        done, later = notification(1, due_at=None), notification(2, due_at=builders.moment(21))
        made = [notification(3, happened_at=builders.moment(5)), notification(4, happened_at=builders.moment(1))]
        other = notification(5, subscriber=webhook().arn)
        store.add([done, later, *made, other])
        assert list(store.due(topic(), builders.moment(20), 9)) == [made[1], made[0]]
        assert list(store.due(topic(), builders.moment(20), 1)) == [made[1]]
        assert list(store.due(webhook().arn, builders.moment(20), 9)) == [other]

    def test_findings_wait_for_every_other_event(self, store: NotificationStore) -> None:
        findings = [notification(n, event=InspectorEvent.FINDING_REPORTED) for n in (1, 2)]
        later = notification(3, run_arn=builders.run(2).arn, happened_at=builders.moment(9))
        store.add([*findings, later])
        assert list(store.due(topic(), builders.moment(9), 2)) == [later, findings[0]]

    def test_longest_waiting_comes_first(self, store: NotificationStore) -> None:
        store.add([notification(n, subscriber=topic(n), due_at=builders.moment(10 - n)) for n in range(1, 4)])
        store.add([notification(9, subscriber=topic(3)), notification(8, subscriber=topic(4), due_at=None)])
        assert list(store.subscribers_due(builders.moment(8))) == [topic(3), topic(2)]
        assert list(store.subscribers_due(builders.moment(9))) == [topic(3), topic(2), topic(1)]

    def test_pending_notifications_are_dropped(self, store: NotificationStore) -> None:
        over = notification(1, due_at=None)
        started = notification(2)
        completed = notification(3, event=InspectorEvent.ASSESSMENT_RUN_COMPLETED)
        other = notification(4, run_arn=builders.run(2, builders.template(2).arn).arn)
        store.add([over, started, completed, other, notification(5, subscriber=topic(2))])
        assert store.drop(builders.template().arn, topic(), InspectorEvent.ASSESSMENT_RUN_COMPLETED) == 1
        assert store.drop(builders.template().arn, topic()) == 1
        assert store.drop(builders.template().arn, topic()) == 0
        assert list(store.due(topic(), builders.moment(9), 9)) == [other]
        assert over in store.of_runs([over.run_arn])[over.run_arn]

    def test_notifications_are_deleted_with_their_run(self, store: NotificationStore) -> None:
        other = notification(4, run_arn=builders.run(2).arn)
        store.add([notification(1), notification(2, due_at=None), other])
        assert store.runs() == [builders.run(1).arn, builders.run(2).arn]
        store.delete_run(builders.run(1).arn)
        assert store.runs() == [builders.run(2).arn]
        assert store.of_runs([builders.run(1).arn, builders.run(2).arn]) == {other.run_arn: [other]}
