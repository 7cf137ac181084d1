"""Notifications: events of a template's runs, and their subscribers (section 10.1 of the facts)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from openinspector.model.arn import RunArn, TemplateArn, TopicArn, WebhookArn
from openinspector.model.run_state import AssessmentRunState


class InspectorEvent(StrEnum):
    """An event that can be subscribed to; the value is the wire's (F10.2)."""

    ASSESSMENT_RUN_STARTED = "ASSESSMENT_RUN_STARTED"
    ASSESSMENT_RUN_COMPLETED = "ASSESSMENT_RUN_COMPLETED"
    ASSESSMENT_RUN_STATE_CHANGED = "ASSESSMENT_RUN_STATE_CHANGED"
    FINDING_REPORTED = "FINDING_REPORTED"
    OTHER = "OTHER"
    """Undocumented (F10.11): it can be subscribed to and is never sent."""


class PublishStatus(StrEnum):
    """Result of a delivery; the value is the wire's (F10.4)."""

    SUCCESS = "SUCCESS"
    TOPIC_DOES_NOT_EXIST = "TOPIC_DOES_NOT_EXIST"
    ACCESS_DENIED = "ACCESS_DENIED"
    INTERNAL_ERROR = "INTERNAL_ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSubscription:
    """Subscription of an SNS topic to one event of a template's runs (F10.1)."""

    template_arn: TemplateArn
    topic_arn: TopicArn
    event: InspectorEvent
    subscribed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An HTTPS receiver of events of a template's runs."""

    arn: WebhookArn
    template_arn: TemplateArn
    url: str
    events: tuple[InspectorEvent, ...]
    created_at: datetime
    sealed_secret: bytes = field(repr=False)
    """Key of its messages' signatures, sealed by `openinspector.service.app.sealed_secret`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The findings of a run that one subscriber has received: their number and the last of them."""

    reported: int
    created_at: datetime
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One event of a run for one subscriber, and the result of its delivery. All findings of a run are one event."""

    id: str
    """Derived from run, event, state and subscriber, so that an event is never two notifications."""
    run_arn: RunArn
    place: int
    """Position among the events of the run."""
    event: InspectorEvent
    subscriber: TopicArn | WebhookArn
    new_state: AssessmentRunState | None
    """The state entered; only for `ASSESSMENT_RUN_STATE_CHANGED`."""
    happened_at: datetime
    due_at: datetime | None
    """Time of the next attempt; None once it is delivered or given up."""
    attempts: int = 0
    """Number of failures since the last success."""
    tried_at: datetime | None = None
    status: PublishStatus | None = None
    """Result of the last attempt; None before the first."""
    problem: str = ""
    """Reason of the failure; empty after a success."""
    progress: Progress | None = None
    """Only for `FINDING_REPORTED`; None before the first finding is delivered."""
