"""Notifications: who is told what of a template's runs (section 10.1 of the facts)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from openinspector.model.arn import RunArn, TemplateArn, TopicArn, WebhookArn
from openinspector.model.run_state import AssessmentRunState


class InspectorEvent(StrEnum):
    """What can be subscribed to; the value is the wire's (F10.2)."""

    ASSESSMENT_RUN_STARTED = "ASSESSMENT_RUN_STARTED"
    ASSESSMENT_RUN_COMPLETED = "ASSESSMENT_RUN_COMPLETED"
    ASSESSMENT_RUN_STATE_CHANGED = "ASSESSMENT_RUN_STATE_CHANGED"
    FINDING_REPORTED = "FINDING_REPORTED"
    OTHER = "OTHER"
    """Undocumented (F10.11); can be subscribed to and is never sent."""


class PublishStatus(StrEnum):
    """How an attempt to tell a subscriber ended; the value is the wire's (F10.4)."""

    SUCCESS = "SUCCESS"
    TOPIC_DOES_NOT_EXIST = "TOPIC_DOES_NOT_EXIST"
    ACCESS_DENIED = "ACCESS_DENIED"
    INTERNAL_ERROR = "INTERNAL_ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSubscription:
    """A topic that is told of one event of a template's runs (F10.1)."""

    template_arn: TemplateArn
    topic_arn: TopicArn
    event: InspectorEvent
    subscribed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An HTTPS receiver that is told of events of a template's runs."""

    arn: WebhookArn
    template_arn: TemplateArn
    url: str
    events: tuple[InspectorEvent, ...]
    created_at: datetime
    sealed_secret: bytes = field(repr=False)
    """What its messages are signed with, as `openinspector.service.app.sealed_secret` sealed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the findings of a run were told to one subscriber: how many, and which of them was the last."""

    told: int
    created_at: datetime
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One event of a run on its way to one subscriber, and what became of it. All findings of a run are one."""

    id: str
    """Follows from run, event, state and subscriber: the same event is never two notifications."""
    run_arn: RunArn
    place: int
    """Its place among the events of the run."""
    event: InspectorEvent
    subscriber: TopicArn | WebhookArn
    new_state: AssessmentRunState | None
    """Of `ASSESSMENT_RUN_STATE_CHANGED`."""
    happened_at: datetime
    due_at: datetime | None
    """When it is to be tried next; None once it is told or given up."""
    attempts: int = 0
    """How many failed since something was told last."""
    tried_at: datetime | None = None
    status: PublishStatus | None = None
    """How the last attempt ended; None before the first."""
    problem: str = ""
    """Why it failed; empty after a success."""
    progress: Progress | None = None
    """Of `FINDING_REPORTED`, once something was told."""
