"""Records below templates in SQL: one table per kind, one implementation of their queries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Engine, Row, Table, and_, delete, func, select, update

from openinspector.model.arn import ScheduleArn, TargetArn, TemplateArn, WaiverArn, WebhookArn
from openinspector.model.notification import EventSubscription, InspectorEvent, Webhook
from openinspector.model.schedule import Schedule
from openinspector.model.tailoring import TemplateTailoring
from openinspector.model.waiver import TemplateWaiver
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.ports.record_store import RecordExistsError, RecordLimitError, SubscriptionKey
from openinspector.service.stores.dialect import add_new, lock_name
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.query import in_batches, read_page
from openinspector.service.stores.schema import EVENT_SUBSCRIPTION, SCHEDULE, TAILORING, WAIVER, WEBHOOK

K = TypeVar("K")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTable(Generic[K, R]):
    """How records of one kind are stored: a table with ``template_arn``, whose primary key is the record's key."""

    table: Table
    row: Callable[[R], Mapping[str, object]]
    record: Callable[[Row[Any]], R]
    version: tuple[str, ...]
    """The columns whose values tell if a record changed since it was read."""


class SqlRecordStore(Generic[K, R]):
    """Stores records of one kind; a key of several columns is a tuple in the order of the primary key."""

    def __init__(self, engine: Engine, records: RecordTable[K, R]) -> None:
        self._engine = engine
        self._records = records
        self._table = records.table
        self._key = tuple(self._table.primary_key)

    def add(self, record: R, most: int | None = None) -> None:
        """Add a record; RecordExistsError, RecordLimitError."""
        row = self._records.row(record)
        template = row["template_arn"]
        counted = select(func.count()).select_from(self._table).where(self._table.c.template_arn == template)
        with writing(self._engine) as connection:
            if most is not None:
                # Otherwise two writers could both take the last place.
                lock_name(connection, f"{self._table.name} {template}")
            if not add_new(connection, self._table, tuple(column.name for column in self._key), row):
                raise RecordExistsError(f"the {self._table.name} exists already")
            if most is not None and connection.execute(counted).scalar_one() > most:
                raise RecordLimitError(f"{template} has {most} rows of {self._table.name}, the maximum")

    def get(self, key: K) -> R | None:
        """Return a record, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(select(self._table).where(self._is(key))).one_or_none()
        return None if row is None else self._records.record(row)

    def replace(self, held: R, changed: R) -> bool:
        """Replace a record unless it changed since it was read as ``held``; return True if replaced."""
        read = self._records.row(held)
        compared = [*self._key, *(self._table.c[name] for name in self._records.version)]
        unchanged = and_(*(column == read[column.name] for column in compared))
        with writing(self._engine) as connection:
            replaced = update(self._table).where(unchanged).values(**self._records.row(changed))
            return connection.execute(replaced).rowcount == 1

    def delete(self, key: K) -> bool:
        """Delete a record; return True if it existed."""
        with writing(self._engine) as connection:
            return connection.execute(delete(self._table).where(self._is(key))).rowcount == 1

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the records of a template, or of a target's templates; return the number deleted."""
        template = self._table.c.template_arn
        below = (template == parent) | template.startswith(f"{parent}/", autoescape=True)
        with writing(self._engine) as connection:
            return connection.execute(delete(self._table).where(below)).rowcount

    def count(self) -> int:
        """Return the number of records."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(self._table)).scalar_one()

    def of_templates(self, templates: Sequence[TemplateArn]) -> Sequence[R]:
        """Return the records of some templates, by template and key."""
        template = self._table.c.template_arn
        found = list[R]()
        with reading(self._engine) as connection:
            for batch in in_batches(sorted(templates)):
                query = select(self._table).where(template.in_(batch)).order_by(template, *self._key)
                found += (self._records.record(row) for row in connection.execute(query))
        return found

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has records, sorted."""
        template = self._table.c.template_arn
        with reading(self._engine) as connection:
            return [TemplateArn(arn) for arn in connection.scalars(select(template).distinct().order_by(template))]

    def _is(self, key: K) -> ColumnElement[bool]:
        values = key if isinstance(key, tuple) else (key,)
        return and_(*(column == value for column, value in zip(self._key, values, strict=True)))


class SqlListedRecordStore(SqlRecordStore[K, R]):
    """Stores records whose table has ``arn``, the primary key, and ``created_at``."""

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[R]:
        """Return one page of the records of a template, or of all, by time of creation and ARN."""
        query = select(self._table)
        if template is not None:
            query = query.where(self._table.c.template_arn == template)
        with reading(self._engine) as connection:
            return read_page(connection, query, self._table, page, self._records.record)


def _schedule_row(schedule: Schedule) -> Mapping[str, object]:
    return {
        "arn": schedule.arn,
        "template_arn": schedule.template_arn,
        "expression": schedule.expression,
        "created_at": schedule.created_at,
        "next_at": schedule.next_at,
        "enabled": int(schedule.enabled),
        "last_run_arn": schedule.last_run_arn,
        "last_problem": schedule.last_problem,
    }


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(
        arn=row.arn,
        template_arn=row.template_arn,
        expression=row.expression,
        created_at=row.created_at,
        next_at=row.next_at,
        enabled=bool(row.enabled),
        last_run_arn=row.last_run_arn,
        last_problem=row.last_problem,
    )


def _subscription_row(subscription: EventSubscription) -> Mapping[str, object]:
    return {
        "template_arn": subscription.template_arn,
        "topic_arn": subscription.topic_arn,
        "event": subscription.event,
        "subscribed_at": subscription.subscribed_at,
    }


def _subscription(row: Row[Any]) -> EventSubscription:
    return EventSubscription(
        template_arn=row.template_arn,
        topic_arn=row.topic_arn,
        event=InspectorEvent(row.event),
        subscribed_at=row.subscribed_at,
    )


def _webhook_row(webhook: Webhook) -> Mapping[str, object]:
    return {
        "arn": webhook.arn,
        "template_arn": webhook.template_arn,
        "url": webhook.url,
        "events": webhook.events,
        "created_at": webhook.created_at,
        "sealed_secret": webhook.sealed_secret,
    }


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        arn=row.arn,
        template_arn=row.template_arn,
        url=row.url,
        events=row.events,
        created_at=row.created_at,
        sealed_secret=bytes(row.sealed_secret),
    )


def _waiver_row(waiver: TemplateWaiver) -> Mapping[str, object]:
    return {
        "arn": waiver.arn,
        "template_arn": waiver.template_arn,
        "created_at": waiver.created_at,
        "content": waiver.waiver,
        "from_file": int(waiver.from_file),
    }


def _waiver(row: Row[Any]) -> TemplateWaiver:
    return TemplateWaiver(
        arn=row.arn,
        template_arn=row.template_arn,
        created_at=row.created_at,
        waiver=row.content,
        from_file=bool(row.from_file),
    )


def _tailoring_row(tailoring: TemplateTailoring) -> Mapping[str, object]:
    return {
        "template_arn": tailoring.template_arn,
        "changed_at": tailoring.changed_at,
        "content": tailoring.tailoring,
    }


def _tailoring(row: Row[Any]) -> TemplateTailoring:
    return TemplateTailoring(template_arn=row.template_arn, changed_at=row.changed_at, tailoring=row.content)


SCHEDULES: Final[RecordTable[ScheduleArn, Schedule]] = RecordTable(
    table=SCHEDULE, row=_schedule_row, record=_schedule, version=("expression", "next_at", "enabled")
)
SUBSCRIPTIONS: Final[RecordTable[SubscriptionKey, EventSubscription]] = RecordTable(
    table=EVENT_SUBSCRIPTION, row=_subscription_row, record=_subscription, version=("subscribed_at",)
)
WEBHOOKS: Final[RecordTable[WebhookArn, Webhook]] = RecordTable(
    table=WEBHOOK, row=_webhook_row, record=_webhook, version=("url", "events", "sealed_secret")
)
WAIVERS: Final[RecordTable[WaiverArn, TemplateWaiver]] = RecordTable(
    table=WAIVER, row=_waiver_row, record=_waiver, version=("content",)
)
TAILORINGS: Final[RecordTable[TemplateArn, TemplateTailoring]] = RecordTable(
    table=TAILORING, row=_tailoring_row, record=_tailoring, version=("content",)
)
