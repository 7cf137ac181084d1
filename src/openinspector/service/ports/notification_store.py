"""Where notifications are kept: those on their way, and with their run those that arrived or did not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from openinspector.model.arn import RunArn, TemplateArn, TopicArn, WebhookArn
from openinspector.model.notification import InspectorEvent, Notification

Subscriber = TopicArn | WebhookArn


class NotificationStore(Protocol):
    """Keeps notifications."""

    def add(self, notifications: Sequence[Notification]) -> None:
        """Add notifications, all or nothing; one whose id is there stays as it is."""
        ...

    def subscribers_due(self, now: datetime) -> Sequence[Subscriber]:
        """Return the subscribers that are to be told something by ``now``, the longest due first."""
        ...

    def due(self, subscriber: Subscriber, now: datetime, limit: int) -> Sequence[Notification]:
        """Return up to ``limit`` notifications of a subscriber that are due by ``now``.

        They are in the order of events, but FINDING_REPORTED comes last: thousands of findings delay no other event.
        """
        ...

    def save(self, notification: Notification) -> bool:
        """Keep what became of a notification; says whether it was there."""
        ...

    def of_runs(self, runs: Sequence[RunArn]) -> Mapping[RunArn, Sequence[Notification]]:
        """Return the notifications of the runs that have any, in the order they happened."""
        ...

    def drop(self, template: TemplateArn, subscriber: Subscriber, event: InspectorEvent | None = None) -> int:
        """Delete what a subscriber is still to be told of a template's runs, or of one event of them; says how many."""
        ...

    def delete_run(self, run: RunArn) -> None:
        """Delete the notifications of a run."""
        ...

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has notifications, sorted."""
        ...
