"""The events of a run, their messages and the notifications that a run lists."""

import json
from dataclasses import replace
from typing import Any

from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun
from openinspector.model.notification import EventSubscription, InspectorEvent, Notification, Progress, PublishStatus
from openinspector.model.run_state import AssessmentRunState as State
from openinspector.service.app.notifications import (
    SHOWN,
    finding_message,
    message_of,
    run_events,
    set_up_message,
    shown_notifications,
)
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.assessment_runs import WHOLE_LIFE, lived
from openinspector.testing.conformance.notification_store import notification
from openinspector.testing.installation import BuiltInstallation
from openinspector.testing.record_builders import subscribed, topic, webhook

E = InspectorEvent


def events(run: AssessmentRun) -> list[Any]:
    return [what.new_state or what.event for what in run_events(run)]


def test_events_of_a_complete_run_are_in_order_with_findings_last() -> None:
    assert events(lived(1, WHOLE_LIFE)) == [
        State.START_DATA_COLLECTION_PENDING,
        State.START_DATA_COLLECTION_IN_PROGRESS,
        State.COLLECTING_DATA,
        E.ASSESSMENT_RUN_STARTED,
        State.STOP_DATA_COLLECTION_PENDING,
        State.DATA_COLLECTED,
        State.EVALUATING_RULES,
        State.COMPLETED,
        E.ASSESSMENT_RUN_COMPLETED,
        E.FINDING_REPORTED,
    ]


def test_findings_are_reported_when_a_run_has_ended_and_completion_only_if_it_completed() -> None:
    assert E.FINDING_REPORTED not in events(lived(1, WHOLE_LIFE[:-1]))
    assert events(lived(1, (State.CREATED, State.FAILED))) == [State.FAILED, E.FINDING_REPORTED]
    assert E.ASSESSMENT_RUN_COMPLETED in events(lived(1, (*WHOLE_LIFE[:-1], State.COMPLETED_WITH_ERRORS)))


def test_positions_of_events_never_change() -> None:
    """The events of a run so far are a prefix of its later events, so that announcing may resume."""
    whole = run_events(lived(1, WHOLE_LIFE))
    for length in range(1, len(WHOLE_LIFE)):
        part = run_events(lived(1, WHOLE_LIFE[:length]))
        assert part == whole[: len(part)]


def prepared(built: BuiltInstallation, *subscriptions: EventSubscription) -> RunArn:
    built.stores.assessments.add_target(builders.target())
    built.stores.assessments.add_template(builders.template())
    built.stores.assessments.add_run(builders.run(), ())
    for one in subscriptions:
        built.stores.subscriptions.add(one, 50)
    return builders.run().arn


def made(built: BuiltInstallation, run: RunArn) -> list[Notification]:
    return list(built.stores.notifications.of_runs([run]).get(run, ()))


def since_always(event: InspectorEvent, number: int = 1) -> EventSubscription:
    return subscribed(event, topic_number=number, at=-(10**8))


def test_subscribers_get_each_event_once(built: BuiltInstallation) -> None:
    run = prepared(built, since_always(E.ASSESSMENT_RUN_STATE_CHANGED), since_always(E.OTHER))
    for state in WHOLE_LIFE[1:]:
        built.reached(run, state)
        built.assembly.announcer().announce()
        built.assembly.announcer().announce()
    assert [one.new_state for one in made(built, run)] == list(WHOLE_LIFE[1:])
    assert {one.due_at for one in made(built, run)} == {one.happened_at for one in made(built, run)}
    assert built.assembly.announcer().announce() == 0


def test_announcing_is_idempotent(built: BuiltInstallation) -> None:
    run = prepared(built, since_always(E.FINDING_REPORTED))
    built.end_run(run)
    (ended,) = built.stores.assessments.runs_to_announce(9)
    built.stores.notifications.add(tuple(built.assembly.announcer().notifications_of(ended)))
    (first,) = made(built, run)
    sent = replace(first, due_at=None, status=PublishStatus.SUCCESS)
    built.stores.notifications.save(sent)
    assert built.assembly.announcer().announce() == 1  # the news were not taken when the process died
    assert made(built, run) == [sent]


def test_later_subscribers_do_not_get_earlier_events(built: BuiltInstallation) -> None:
    run = prepared(built)
    built.reached(run, *WHOLE_LIFE[1:3])
    late = replace(subscribed(E.ASSESSMENT_RUN_STATE_CHANGED), subscribed_at=built.clock.now())
    built.stores.subscriptions.add(late, 50)
    built.reached(run, WHOLE_LIFE[3])
    built.assembly.announcer().announce()
    assert [one.new_state for one in made(built, run)] == list(WHOLE_LIFE[2:4])


def test_only_topics_and_webhooks_of_the_template_are_notified(built: BuiltInstallation) -> None:
    run = prepared(built, since_always(E.FINDING_REPORTED), since_always(E.FINDING_REPORTED, 2))
    built.stores.subscriptions.add(subscribed(E.FINDING_REPORTED, template=2, topic_number=3), 50)
    early = builders.moment(-(10**8))
    built.stores.webhooks.add(webhook(created_at=early))
    built.stores.webhooks.add(webhook(2, template=2, created_at=early))
    built.end_run(run)
    built.assembly.announcer().announce()
    assert {one.subscriber for one in made(built, run)} == {topic(1), topic(2), webhook().arn}


def test_messages_have_the_vendors_format(built: BuiltInstallation) -> None:
    run = prepared(built)
    package = builders.rules_package_arn(2)
    stored = replace(builders.run(), rules_package_arns=(builders.rules_package_arn(), package))
    built.produced(builders.finding(1), builders.finding(2))
    completed = notification(event=E.ASSESSMENT_RUN_COMPLETED, happened_at=builders.moment(0))
    shared = {
        "target": builders.target().arn,
        "template": builders.template().arn,
        "run": run,
        "time": "2026-01-01T12:00:00.123Z",
    }
    assert json.loads(message_of(completed, built.stores.findings, stored).body) == {
        "event": "ASSESSMENT_RUN_COMPLETED",
        **shared,
        "findingsCount": f"{{{builders.rules_package_arn()}=2,{package}=0}}",
    }
    changed = notification(event=E.ASSESSMENT_RUN_STATE_CHANGED, new_state=State.FAILED)
    assert json.loads(message_of(changed, built.stores.findings, stored).body) == {
        "event": "ASSESSMENT_RUN_STATE_CHANGED",
        **shared,
        "newstate": "FAILED",
    }
    finding = builders.finding(1).arn
    reported = finding_message(notification(event=E.FINDING_REPORTED), finding)
    assert json.loads(reported.body) == {"event": "FINDING_REPORTED", **shared, "finding": finding}
    assert reported.id != finding_message(notification(event=E.FINDING_REPORTED), builders.finding(2).arn).id
    shared.pop("run")
    first = set_up_message(builders.template().arn, topic(), builders.moment(0))
    assert json.loads(first.body) == {"event": "ENABLE_ASSESSMENT_NOTIFICATIONS", **shared}


def tried(number: int, **fields: Any) -> Notification:
    status = PublishStatus.SUCCESS
    return notification(number, tried_at=builders.moment(number), status=status, due_at=None, **fields)


def test_a_run_lists_attempted_deliveries() -> None:
    progress = Progress(reported=3, created_at=builders.moment(0), arn=builders.finding().arn)
    listed = shown_notifications(
        [
            replace(
                tried(3),
                status=PublishStatus.ACCESS_DENIED,
                problem="SNS refused: AuthorizationError: no.",
                due_at=builders.moment(99),
            ),
            tried(2, event=E.FINDING_REPORTED, progress=progress),
            tried(1),
            tried(4, event=E.FINDING_REPORTED),  # a run without findings
            notification(5),  # on its way
            replace(tried(6, subscriber=webhook().arn), status=PublishStatus.INTERNAL_ERROR, problem="It hangs."),
        ]
    )
    assert [(one.error, one.sns_publish_status_code, one.message) for one in listed] == [
        (False, PublishStatus.SUCCESS, None),
        (False, PublishStatus.SUCCESS, "3 findings reported."),
        (True, PublishStatus.ACCESS_DENIED, "SNS refused: AuthorizationError: no. It will be retried."),
        (True, None, f"To {webhook().arn}. It hangs. No more retries."),
    ]
    assert [one.sns_topic_arn for one in listed] == [topic()] * 3 + [None]


def test_a_long_list_keeps_errors_and_the_newest_and_counts_the_rest() -> None:
    failed = {2, 70}
    many = [
        replace(tried(n), status=PublishStatus.INTERNAL_ERROR if n in failed else PublishStatus.SUCCESS)
        for n in range(80)
    ]
    listed = shown_notifications(many)
    assert len(listed) == SHOWN
    assert [one.date for one in listed] == sorted(one.date for one in listed)
    assert {one.date for one in listed if one.error} == {builders.moment(n) for n in failed}
    assert listed[-1].event is E.OTHER
    assert listed[-1].message == "31 more notifications are not listed; 0 of them are errors."
    assert len(shown_notifications(many[:SHOWN])) == SHOWN
    assert E.OTHER not in {one.event for one in shown_notifications(many[:SHOWN])}
    all_failed = [replace(one, status=PublishStatus.INTERNAL_ERROR) for one in many]
    assert shown_notifications(all_failed)[-1].error
