"""Outbox of notifications, and the results of delivery while their run exists."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from openinspector.model.arn import RunArn, TemplateArn, TopicArn, WebhookArn
from openinspector.model.notification import InspectorEvent, Notification

Subscriber = TopicArn | WebhookArn


class NotificationStore(Protocol):
    """Stores notifications."""

    def add(self, notifications: Sequence[Notification]) -> None:
        """Add notifications, all or nothing; existing ids do not change."""
        ...

    def subscribers_due(self, now: datetime) -> Sequence[Subscriber]:
        """Return the subscribers with notifications due at ``now``, the longest due first."""
        ...

    def due(self, subscriber: Subscriber, now: datetime, limit: int) -> Sequence[Notification]:
        """Return up to ``limit`` notifications of a subscriber that are due by ``now``.

        They are in the order of events, but FINDING_REPORTED comes last: thousands of findings delay no other event.
        """
        ...

    def save(self, notification: Notification) -> bool:
        """Store the result of a delivery attempt; return True if it existed."""
        ...

    def of_runs(self, runs: Sequence[RunArn]) -> Mapping[RunArn, Sequence[Notification]]:
        """Return the notifications of runs that have any, in the order of their events."""
        ...

    def drop(self, template: TemplateArn, subscriber: Subscriber, event: InspectorEvent | None = None) -> int:
        """Delete a subscriber's undelivered notifications of a template, or of one event; return their number."""
        ...

    def delete_run(self, run: RunArn) -> None:
        """Delete the notifications of a run."""
        ...

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has notifications, sorted."""
        ...
