"""The notification store's simulator: the whole port, in memory."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

from openinspector.model.arn import RunArn, TemplateArn
from openinspector.model.notification import InspectorEvent, Notification
from openinspector.service.ports.notification_store import Subscriber


class MemoryNotificationStore:
    """Stores everything in a dictionary; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._held: dict[str, Notification] = {}

    def add(self, notifications: Sequence[Notification]) -> None:
        """Add notifications, all or nothing; existing ids do not change."""
        with self._lock:
            for one in notifications:
                self._held.setdefault(one.id, one)

    def subscribers_due(self, now: datetime) -> Sequence[Subscriber]:
        """Return the subscribers with notifications due at ``now``, the longest due first."""
        first: dict[Subscriber, datetime] = {}
        for one in self._in_order():
            if one.due_at is not None and one.due_at <= now:
                first[one.subscriber] = min(one.due_at, first.get(one.subscriber, one.due_at))
        return sorted(first, key=lambda subscriber: (first[subscriber], subscriber))

    def due(self, subscriber: Subscriber, now: datetime, limit: int) -> Sequence[Notification]:
        """Return a subscriber's due notifications in the order of events, those of findings last."""
        due = [
            one
            for one in self._in_order()
            if one.subscriber == subscriber and one.due_at is not None and one.due_at <= now
        ]
        return sorted(due, key=lambda one: one.event is InspectorEvent.FINDING_REPORTED)[:limit]

    def save(self, notification: Notification) -> bool:
        """Store the result of a delivery attempt; return True if it existed."""
        with self._lock:
            if notification.id not in self._held:
                return False
            self._held[notification.id] = notification
            return True

    def of_runs(self, runs: Sequence[RunArn]) -> Mapping[RunArn, Sequence[Notification]]:
        """Return the notifications of runs that have any, in the order of their events."""
        found: dict[RunArn, list[Notification]] = {}
        for one in self._in_order():
            if one.run_arn in runs:
                found.setdefault(one.run_arn, []).append(one)
        return found

    def drop(self, template: TemplateArn, subscriber: Subscriber, event: InspectorEvent | None = None) -> int:
        """Delete a subscriber's undelivered notifications of a template, or of one event; return their number."""
        with self._lock:
            dropped = [
                one.id
                for one in self._held.values()
                if one.subscriber == subscriber
                and one.due_at is not None
                and one.run_arn.startswith(f"{template}/run/")
                and event in (None, one.event)
            ]
            for identity in dropped:
                del self._held[identity]
            return len(dropped)

    def delete_run(self, run: RunArn) -> None:
        """Delete the notifications of a run."""
        with self._lock:
            self._held = {identity: one for identity, one in self._held.items() if one.run_arn != run}

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has notifications, sorted."""
        with self._lock:
            return sorted({one.run_arn for one in self._held.values()})

    def _in_order(self) -> list[Notification]:
        with self._lock:
            return sorted(self._held.values(), key=lambda one: (one.happened_at, one.place, one.id))
