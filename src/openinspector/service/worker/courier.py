"""Delivers notifications to their subscribers: at least once, and in order unless a delivery fails.

- A delivery is recorded after the subscriber accepted it. If the process dies in between, the message is sent again
  under the same id.
- A failed delivery is retried with exponential backoff, up to an hour apart, until it is given up.
- Findings are sent in batches of ten. Progress is recorded after each batch, so that a restart resumes there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from openinspector.model.arn import FindingArn, TopicArn, WebhookArn, template_of
from openinspector.model.assessment import AssessmentRun
from openinspector.model.errors import StoreError
from openinspector.model.notification import InspectorEvent, Notification, Progress, PublishStatus
from openinspector.service.app.counters import Counters
from openinspector.service.app.notifications import finding_message, is_webhook, message_of
from openinspector.service.app.sealed_secret import SecretBox
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.finding_store import FindingFilter, FindingStore
from openinspector.service.ports.notification_store import NotificationStore, Subscriber
from openinspector.service.ports.page import Cursor, PageRequest
from openinspector.service.ports.publisher import (
    Message,
    Published,
    TopicPublisher,
    WebhookEndpoint,
    WebhookPublisher,
)
from openinspector.service.ports.record_store import WebhookStore

BATCH: Final = 10
"""Most messages that SNS accepts in one request."""
BATCHES_A_TURN: Final = 10
"""Most batches that one subscriber receives in a turn."""
FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
_DOUBLINGS: Final = 16
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with jitter, up to a final time limit."""

    give_up: timedelta
    """Time from the event until its delivery is given up."""
    random: Callable[[], float]
    """Returns a number from 0 to 1. It shortens a pause by up to half, so that retries do not coincide."""

    def pause(self, attempts: int) -> timedelta:
        """Return the pause after ``attempts`` failures in a row."""
        whole = min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(attempts - 1, _DOUBLINGS)))
        return whole * (1 - self.random() / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Delivers due notifications. Thread-safe, as long as each subscriber is served by one thread at a time."""

    notifications: NotificationStore
    assessments: AssessmentStore
    findings: FindingStore
    webhooks: WebhookStore
    webhook_secrets: SecretBox
    topic_publisher: TopicPublisher
    webhook_publisher: WebhookPublisher
    counters: Counters
    clock: Clock
    retry_policy: RetryPolicy

    def deliver(self, subscriber: Subscriber) -> bool:
        """Deliver due notifications until the turn ends or a delivery fails; return False if one failed."""
        left = BATCHES_A_TURN
        for notification in self.notifications.due(subscriber, self.clock.now(), BATCHES_A_TURN):
            run = self.assessments.runs_by_arn([notification.run_arn]).get(notification.run_arn)
            if run is None:
                self.notifications.delete_run(notification.run_arn)
                continue
            current: Notification | None = notification
            while current is not None and current.due_at is not None:
                if left == 0:
                    return True
                left -= 1
                current = self._step(current, run)
                if current is not None and current.status is not PublishStatus.SUCCESS:
                    return False
        return True

    def _step(self, notification: Notification, run: AssessmentRun) -> Notification | None:
        """Send one message or one batch of findings and record the result; None if the notification was deleted."""
        delivery = self._next(notification, run)
        published = self._publish(notification, delivery.messages)
        now = self.clock.now()
        updated = replace(notification, tried_at=now, status=published.status, problem=published.problem)
        if published.count:
            updated = replace(
                updated, attempts=0, progress=self._progress(notification, delivery.findings[: published.count])
            )
        if published.status is PublishStatus.SUCCESS:
            updated = replace(updated, due_at=None if delivery.last else notification.due_at)
        else:
            updated = self._postponed(updated, now)
        self._count(updated)
        return updated if self.notifications.save(updated) else None

    def _next(self, notification: Notification, run: AssessmentRun) -> "_Delivery":
        if notification.event is not InspectorEvent.FINDING_REPORTED:
            return _Delivery(messages=(message_of(notification, self.findings, run),), findings=(), last=True)
        progress = notification.progress
        after = None if progress is None else Cursor(created_at=progress.created_at, arn=progress.arn)
        of_run = FindingFilter(run_arns=(notification.run_arn,))
        page = self.findings.list_findings(of_run, PageRequest(limit=BATCH, after=after))
        messages = tuple(finding_message(notification, arn) for arn in page.rows)
        return _Delivery(messages=messages, findings=tuple(page.rows), last=page.next is None)

    def _progress(self, notification: Notification, sent: Sequence[FindingArn]) -> Progress | None:
        """Return the progress after ``sent`` were delivered, too."""
        last = self.findings.findings_by_arn(sent[-1:]).get(sent[-1]) if sent else None
        if last is None:  # not about findings, or the run was deleted meanwhile
            return notification.progress
        before = notification.progress.reported if notification.progress is not None else 0
        return Progress(reported=before + len(sent), created_at=last.created_at, arn=last.arn)

    def _publish(self, notification: Notification, messages: Sequence[Message]) -> Published:
        if not messages:
            return Published(count=0, status=PublishStatus.SUCCESS)
        if not is_webhook(notification.subscriber):
            return self.topic_publisher.publish(TopicArn(notification.subscriber), messages)
        webhook = self.webhooks.get(WebhookArn(notification.subscriber))
        if webhook is None:
            self.notifications.drop(template_of(notification.run_arn), notification.subscriber)
            return Published(count=0, status=PublishStatus.TOPIC_DOES_NOT_EXIST, problem="The webhook was deleted.")
        try:
            secret = self.webhook_secrets.open(webhook.arn, webhook.sealed_secret)
        except StoreError as error:
            problem = f"The webhook's secret cannot be opened ({error}). Create a new webhook."
            return Published(count=0, status=PublishStatus.INTERNAL_ERROR, problem=problem)
        return self.webhook_publisher.publish(WebhookEndpoint(url=webhook.url, secret=secret), messages)

    def _postponed(self, notification: Notification, now: datetime) -> Notification:
        attempts = notification.attempts + 1
        late = now - notification.happened_at >= self.retry_policy.give_up
        due_at = None if late else now + self.retry_policy.pause(attempts)
        _log.warning(
            "courier delivery failed",
            subscriber=notification.subscriber,
            run=notification.run_arn,
            run_event=str(notification.event),
            attempts=attempts,
            status=str(notification.status),
            problem=notification.problem,
            given_up=late,
        )
        return replace(notification, attempts=attempts, due_at=due_at)

    def _count(self, notification: Notification) -> None:
        kind = "webhook" if is_webhook(notification.subscriber) else "topic"
        given_up = notification.status is not PublishStatus.SUCCESS and notification.due_at is None
        self.counters.notified(kind, "GIVEN_UP" if given_up else str(notification.status))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delivery:
    """The next messages of a notification."""

    messages: Sequence[Message]
    findings: Sequence[FindingArn]
    """The finding that each message is about; empty for other events."""
    last: bool
    """True if the notification is complete after it."""
