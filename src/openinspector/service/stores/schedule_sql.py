"""Schedules in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, func, insert, select, update

from openinspector.model.arn import ScheduleArn, TargetArn, TemplateArn
from openinspector.model.schedule import Schedule
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.stores import below_template
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.schema import SCHEDULE


class SqlScheduleStore:
    """Stores schedules."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, schedule: Schedule) -> None:
        """Add a schedule; StoreError if its ARN exists."""
        with writing(self._engine) as connection:
            connection.execute(insert(SCHEDULE).values(arn=schedule.arn, **_values(schedule)))

    def get(self, arn: ScheduleArn) -> Schedule | None:
        """Return a schedule, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(select(SCHEDULE).where(SCHEDULE.c.arn == arn)).one_or_none()
        return None if row is None else _schedule(row)

    def replace(self, held: Schedule, changed: Schedule) -> bool:
        """Replace a schedule unless it changed since it was read; return True if replaced."""
        one = update(SCHEDULE).where(
            SCHEDULE.c.arn == held.arn,
            SCHEDULE.c.expression == held.expression,
            SCHEDULE.c.next_at == held.next_at,
            SCHEDULE.c.enabled == int(held.enabled),
        )
        with writing(self._engine) as connection:
            return connection.execute(one.values(**_values(changed))).rowcount == 1

    def delete(self, arn: ScheduleArn) -> bool:
        """Delete a schedule; return True if it existed."""
        return below_template.delete_one(self._engine, SCHEDULE, arn)

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the schedules of a template, or of a target's templates; return the number deleted."""
        return below_template.delete_below(self._engine, SCHEDULE, parent)

    def count(self) -> int:
        """Return the number of schedules."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(SCHEDULE)).scalar_one()

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Schedule]:
        """Return one page of the schedules of a template, or of all."""
        return below_template.list_page(self._engine, SCHEDULE, template, page, _schedule)

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has schedules, sorted."""
        return below_template.templates(self._engine, SCHEDULE)

    def due(self, now: datetime) -> Sequence[Schedule]:
        """Return the enabled schedules whose next run is not after ``now``, the longest due first."""
        query = select(SCHEDULE).where(SCHEDULE.c.enabled == 1, SCHEDULE.c.next_at <= now)
        with reading(self._engine) as connection:
            found = connection.execute(query.order_by(SCHEDULE.c.next_at, SCHEDULE.c.arn))
            return [_schedule(row) for row in found]


def _values(schedule: Schedule) -> dict[str, object]:
    return {
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
