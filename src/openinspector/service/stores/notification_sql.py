"""Notifications in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, delete, func, select, update

from openinspector.model.arn import RunArn, TemplateArn
from openinspector.model.notification import InspectorEvent, Notification, PublishStatus
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.notification_store import Subscriber
from openinspector.service.stores.dialect import insert_new
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.query import in_batches
from openinspector.service.stores.schema import NOTIFICATION as TABLE

_FINDINGS_LAST = TABLE.c.event == InspectorEvent.FINDING_REPORTED
_AS_IT_HAPPENED = (TABLE.c.happened_at, TABLE.c.place, TABLE.c.id)


class SqlNotificationStore:
    """Stores notifications."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, notifications: Sequence[Notification]) -> None:
        """Add notifications, all or nothing; existing ids do not change."""
        rows = [_row(one) for one in sorted(notifications, key=lambda one: one.id)]
        if rows:
            with writing(self._engine) as connection:
                connection.execute(insert_new(connection, TABLE, ("id",)), rows)

    def subscribers_due(self, now: datetime) -> Sequence[Subscriber]:
        """Return the subscribers with notifications due at ``now``, the longest due first."""
        first = func.min(TABLE.c.due_at)
        query = select(TABLE.c.subscriber).where(TABLE.c.due_at <= now).group_by(TABLE.c.subscriber)
        with reading(self._engine) as connection:
            return list(connection.scalars(query.order_by(first, TABLE.c.subscriber)))

    def due(self, subscriber: Subscriber, now: datetime, limit: int) -> Sequence[Notification]:
        """Return a subscriber's due notifications in the order of events, those of findings last."""
        query = select(TABLE).where(TABLE.c.subscriber == subscriber, TABLE.c.due_at <= now)
        with reading(self._engine) as connection:
            found = connection.execute(query.order_by(_FINDINGS_LAST, *_AS_IT_HAPPENED).limit(limit))
            return [_notification(row) for row in found]

    def save(self, notification: Notification) -> bool:
        """Store the result of a delivery attempt; return True if it existed."""
        one = update(TABLE).where(TABLE.c.id == notification.id).values(**_row(notification))
        with writing(self._engine) as connection:
            return connection.execute(one).rowcount == 1

    def of_runs(self, runs: Sequence[RunArn]) -> Mapping[RunArn, Sequence[Notification]]:
        """Return the notifications of runs that have any, in the order of their events."""
        found: dict[RunArn, list[Notification]] = {}
        with reading(self._engine) as connection:
            for wanted in in_batches(runs):
                query = select(TABLE).where(TABLE.c.run_arn.in_(wanted)).order_by(*_AS_IT_HAPPENED)
                for row in connection.execute(query):
                    found.setdefault(row.run_arn, []).append(_notification(row))
        return found

    def drop(self, template: TemplateArn, subscriber: Subscriber, event: InspectorEvent | None = None) -> int:
        """Delete a subscriber's undelivered notifications of a template, or of one event; return their number."""
        below = TABLE.c.run_arn.startswith(f"{template}/run/", autoescape=True)
        pending = delete(TABLE).where(TABLE.c.subscriber == subscriber, TABLE.c.due_at.is_not(None), below)
        if event is not None:
            pending = pending.where(TABLE.c.event == event)
        with writing(self._engine) as connection:
            return connection.execute(pending).rowcount

    def delete_run(self, run: RunArn) -> None:
        """Delete the notifications of a run."""
        with writing(self._engine) as connection:
            connection.execute(delete(TABLE).where(TABLE.c.run_arn == run))

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has notifications, sorted."""
        query = select(TABLE.c.run_arn).distinct().order_by(TABLE.c.run_arn)
        with reading(self._engine) as connection:
            return [RunArn(arn) for arn in connection.scalars(query)]


def _row(one: Notification) -> dict[str, object]:
    return {
        "id": one.id,
        "run_arn": one.run_arn,
        "place": one.place,
        "event": one.event,
        "subscriber": one.subscriber,
        "new_state": one.new_state,
        "happened_at": one.happened_at,
        "due_at": one.due_at,
        "attempts": one.attempts,
        "tried_at": one.tried_at,
        "status": one.status,
        "problem": one.problem,
        "progress": one.progress,
    }


def _notification(row: Row[Any]) -> Notification:
    return Notification(
        id=row.id,
        run_arn=row.run_arn,
        place=row.place,
        event=InspectorEvent(row.event),
        subscriber=row.subscriber,
        new_state=None if row.new_state is None else AssessmentRunState(row.new_state),
        happened_at=row.happened_at,
        due_at=row.due_at,
        attempts=row.attempts,
        tried_at=row.tried_at,
        status=None if row.status is None else PublishStatus(row.status),
        problem=row.problem,
        progress=row.progress,
    )
