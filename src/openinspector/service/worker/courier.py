"""Carries notifications to their subscribers: at least once, in order where all goes well, one subscriber at a time.

- What was told is noted after the subscriber took it: if the process dies in between, it is told again, under the same
  message id.
- What was not taken is tried again after twice the time, up to an hour apart, until it is given up.
- Findings are told ten at a time. What was told is noted each time, so a restart goes on where it was.
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
from openinspector.service.ports.webhook_store import WebhookStore

BATCH: Final = 10
"""Messages SNS takes at once."""
BATCHES_A_TURN: Final = 10
"""So that one subscriber is told at most a hundred things a turn."""
FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
_DOUBLINGS: Final = 16
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long what cannot be told is tried."""

    give_up: timedelta
    random: Callable[[], float]
    """A number from 0 to 1: pauses are shortened by up to half, so that subscribers do not come back all at once."""

    def pause(self, attempts: int) -> timedelta:
        """Return how long to wait after so many failures in a row."""
        whole = min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(attempts - 1, _DOUBLINGS)))
        return whole * (1 - self.random() / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Tells subscribers what is due. Thread-safe, but a subscriber is one thread's at a time."""

    notifications: NotificationStore
    assessments: AssessmentStore
    findings: FindingStore
    webhooks: WebhookStore
    webhook_secrets: SecretBox
    topic_publisher: TopicPublisher
    webhook_publisher: WebhookPublisher
    counters: Counters
    clock: Clock
    patience: Patience

    def tell(self, subscriber: Subscriber) -> bool:
        """Tell a subscriber what is due, up to a turn's bounds or the first failure; says whether all went well."""
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
        """Tell one message, or one batch of findings, and note it; None where it is wanted no more."""
        letter = self._letter(notification, run)
        published = self._publish(notification, letter.messages)
        now = self.clock.now()
        noted = replace(notification, tried_at=now, status=published.status, problem=published.problem)
        if published.count:
            noted = replace(
                noted, attempts=0, progress=self._progress(notification, letter.findings[: published.count])
            )
        if published.status is PublishStatus.SUCCESS:
            noted = replace(noted, due_at=None if letter.last else notification.due_at)
        else:
            noted = self._postponed(noted, now)
        self._count(noted)
        return noted if self.notifications.save(noted) else None

    def _letter(self, notification: Notification, run: AssessmentRun) -> "_Letter":
        if notification.event is not InspectorEvent.FINDING_REPORTED:
            return _Letter(messages=(message_of(notification, self.findings, run),), findings=(), last=True)
        progress = notification.progress
        after = None if progress is None else Cursor(created_at=progress.created_at, arn=progress.arn)
        of_run = FindingFilter(run_arns=(notification.run_arn,))
        page = self.findings.list_findings(of_run, PageRequest(limit=BATCH, after=after))
        messages = tuple(finding_message(notification, arn) for arn in page.rows)
        return _Letter(messages=messages, findings=tuple(page.rows), last=page.next is None)

    def _progress(self, notification: Notification, told: Sequence[FindingArn]) -> Progress | None:
        """Return how far the findings were told once these were taken, too."""
        last = self.findings.findings_by_arn(told[-1:]).get(told[-1]) if told else None
        if last is None:  # not about findings, or the run was deleted meanwhile
            return notification.progress
        before = notification.progress.told if notification.progress is not None else 0
        return Progress(told=before + len(told), created_at=last.created_at, arn=last.arn)

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
            problem = f"The webhook's secret cannot be opened ({error}); make a new webhook."
            return Published(count=0, status=PublishStatus.INTERNAL_ERROR, problem=problem)
        return self.webhook_publisher.publish(WebhookEndpoint(url=webhook.url, secret=secret), messages)

    def _postponed(self, notification: Notification, now: datetime) -> Notification:
        attempts = notification.attempts + 1
        late = now - notification.happened_at >= self.patience.give_up
        due_at = None if late else now + self.patience.pause(attempts)
        _log.warning(
            "courier not taken",
            subscriber=notification.subscriber,
            run=notification.run_arn,
            told_event=str(notification.event),
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
class _Letter:
    """What is told next of a notification."""

    messages: Sequence[Message]
    findings: Sequence[FindingArn]
    """What each of them is about, where they are about findings."""
    last: bool
    """Whether nothing is left to tell after it."""
