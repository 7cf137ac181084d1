"""The events of a run, their messages, and how a run lists deliveries (F10.1 to F10.11, F4.59, F4.60; ADR 44).

`worker/announcer.py` derives notifications from the states that a run entered; the run driver is not involved.

A run lists at most 50 entries (F4.54), one for each event and subscriber. All findings sent to a subscriber are one
entry with their number. A failed attempt is an error until one succeeds. If there are more than 50, errors come first,
then the newest; the last entry is ``OTHER`` with the number of omitted entries and of errors among them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from openinspector.model.arn import FindingArn, TemplateArn, target_of, template_of
from openinspector.model.assessment import AssessmentRun
from openinspector.model.foreign_text import escape_json
from openinspector.model.notification import InspectorEvent, Notification, PublishStatus
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.notification_store import Subscriber
from openinspector.service.ports.publisher import Message

SET_UP: Final = "ENABLE_ASSESSMENT_NOTIFICATIONS"
"""Event of the first message to a topic (F10.9); the API has no such event."""
SHOWN: Final = 50
"""Longest list of notifications in a run (F4.54)."""
_State = AssessmentRunState
_Event = InspectorEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """An event of a run that subscribers receive."""

    place: int
    """Its position among the events of the run; subscribers receive them in this order."""
    event: InspectorEvent
    new_state: AssessmentRunState | None
    at: datetime


def run_events(run: AssessmentRun) -> tuple[RunEvent, ...]:
    """Return the events of a run so far, in order.

    A run has started when it collects data (F4.55), and has completed when its rules were evaluated; a run that ends
    otherwise has only the change of state. Findings are reported when the run has ended, because then the list is
    final. They come last: there may be thousands, and nobody should wait for them to learn that the run completed.
    """
    found: list[RunEvent] = []

    def add(event: InspectorEvent, at: datetime, new_state: AssessmentRunState | None = None) -> None:
        found.append(RunEvent(place=len(found), event=event, new_state=new_state, at=at))

    for change in run.state_changes[1:]:
        add(_Event.ASSESSMENT_RUN_STATE_CHANGED, change.at, change.state)
        if change.state is _State.COLLECTING_DATA:
            add(_Event.ASSESSMENT_RUN_STARTED, change.at)
    if run.state in (_State.COMPLETED, _State.COMPLETED_WITH_ERRORS):
        add(_Event.ASSESSMENT_RUN_COMPLETED, run.state_changed_at)
    if not run.in_progress:
        add(_Event.FINDING_REPORTED, run.state_changed_at)
    return tuple(found)


def is_webhook(subscriber: Subscriber) -> bool:
    """Return True if a subscriber is a webhook, False if it is a topic."""
    return "/webhook/" in subscriber


def message_of(notification: Notification, findings: FindingStore, run: AssessmentRun) -> Message:
    """Return the message of any event but FINDING_REPORTED (F10.7, F10.8)."""
    more: dict[str, str] = {}
    if notification.new_state is not None:
        more["newstate"] = notification.new_state
    if notification.event is _Event.ASSESSMENT_RUN_COMPLETED:
        counts = findings.counts_by_package(run.arn)
        each = ",".join(f"{arn}={counts.get(arn, 0)}" for arn in run.rules_package_arns)
        more["findingsCount"] = f"{{{each}}}"
    return _message(notification, notification.id, **more)


def finding_message(notification: Notification, finding: FindingArn) -> Message:
    """Return the message about one finding (F10.10)."""
    return _message(notification, derived_id(notification.id, finding), finding=finding)


def set_up_message(template: TemplateArn, topic: str, at: datetime) -> Message:
    """Return the message that the first subscription of a topic publishes (F10.9)."""
    body = {"event": SET_UP, "target": target_of(template), "template": template, "time": _time(at)}
    identity = derived_id(template, topic, SET_UP, _time(at))
    return Message(id=identity, event=SET_UP, body=escape_json(msgspec.json.encode(body)).decode())


def _message(notification: Notification, identity: str, **more: str) -> Message:
    run = notification.run_arn
    body = {
        "event": str(notification.event),
        "target": target_of(run),
        "template": template_of(run),
        "run": run,
        "time": _time(notification.happened_at),
        **more,
    }
    return Message(id=identity, event=notification.event, body=escape_json(msgspec.json.encode(body)).decode())


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def derived_id(*parts: str) -> str:
    """Return the same id for the same parts: repeating an announcement adds nothing."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNotification:
    """A notification as a run lists it (F4.59); fields are the wire's."""

    date: datetime
    event: InspectorEvent
    message: str | None
    error: bool
    sns_topic_arn: str | None = None
    sns_publish_status_code: PublishStatus | None = None


def shown_notifications(notifications: Sequence[Notification]) -> list[ShownNotification]:
    """Return the notifications that a run lists: those with an attempt, by date.

    If there are more than `SHOWN`, errors take precedence, then the newest. The last entry is then `OTHER` and counts
    the omitted ones (F4.60).
    """
    tried = [_shown(one) for one in notifications if _is_shown(one)]
    if len(tried) <= SHOWN:
        return sorted(tried, key=lambda one: one.date)
    tried.sort(key=lambda one: (one.error, one.date), reverse=True)
    kept = sorted(tried[: SHOWN - 1], key=lambda one: one.date)
    left = tried[SHOWN - 1 :]
    errors = sum(one.error for one in left)
    more = f"{len(left)} more notifications are not listed; {errors} of them are errors."
    newest = max(one.date for one in tried)
    return [*kept, ShownNotification(date=newest, event=_Event.OTHER, message=more, error=errors > 0)]


def _is_shown(one: Notification) -> bool:
    """Return True if an attempt was made; a run without findings has none to report."""
    found_nothing = one.event is _Event.FINDING_REPORTED and one.progress is None
    return one.status is not None and not (found_nothing and one.status is PublishStatus.SUCCESS)


def _shown(one: Notification) -> ShownNotification:
    reported = one.progress.reported if one.progress is not None else 0
    parts = [f"{reported} finding{'s' * (reported != 1)} reported."] if one.event is _Event.FINDING_REPORTED else []
    if one.new_state is not None:
        parts.append(f"The run is {one.new_state}.")
    is_topic = not is_webhook(one.subscriber)
    if not is_topic:
        parts.append(f"To {one.subscriber}.")
    if one.problem:
        parts.append(f"{one.problem} {_NEXT if one.due_at is not None else _GIVEN_UP}")
    return ShownNotification(
        date=one.tried_at or one.happened_at,
        event=one.event,
        message=" ".join(parts)[:1000] or None,
        error=one.status is not PublishStatus.SUCCESS,
        sns_topic_arn=one.subscriber if is_topic else None,
        sns_publish_status_code=one.status if is_topic else None,
    )


_NEXT: Final = "It will be retried."
_GIVEN_UP: Final = "No more retries."
