"""Schedules: templates that run at recurring times (F4.65 to F4.67, which the vendor left to another service).

`worker/schedule_starter.py` starts the runs.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from openinspector.model.arn import schedule_arn
from openinspector.model.schedule import Schedule
from openinspector.service.app import arguments
from openinspector.service.app.errors import InvalidInput, LimitExceeded, NotFound
from openinspector.service.app.recurrence import Recurrence, RecurrenceError, parse_recurrence
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock, NewId
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.ports.record_store import ScheduleStore

MAX_SCHEDULES: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChange:
    """The fields to change; None leaves a field as it is."""

    expression: str | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedules:
    """Creates, changes, deletes and finds schedules."""

    schedules: ScheduleStore
    assessments: AssessmentStore
    clock: Clock
    new_id: NewId

    def create(self, template_arn: str, expression: str) -> Schedule:
        """Add a schedule; a rate's first run is due at once (F4.71). InvalidInput, NoSuchEntity, LimitExceeded."""
        template = arguments.existing_template(self.assessments, template_arn)
        now = self.clock.now()
        if self.schedules.count() >= MAX_SCHEDULES:
            raise LimitExceeded("ASSESSMENT_RUN_LIMIT_EXCEEDED", f"There may be at most {MAX_SCHEDULES} schedules.")
        schedule = Schedule(
            arn=schedule_arn(template.arn, self.new_id()),
            template_arn=template.arn,
            expression=expression,
            created_at=now,
            next_at=_first(expression, now),
        )
        self.schedules.add(schedule)
        return schedule

    def update(self, arn: str, change: ScheduleChange) -> Schedule:
        """Change a schedule; missed runs are not caught up when it is enabled again. InvalidInput, NotFound."""
        while True:
            held = self.existing(arn)
            changed = _changed(held, change, self.clock.now())
            # If a run or another change intervened, apply this change to the new state.
            if self.schedules.replace(held, changed):
                return changed

    def delete(self, arn: str) -> None:
        """Delete a schedule; InvalidInput, NotFound."""
        if not self.schedules.delete(self.existing(arn).arn):
            raise _no_such(arn)

    def existing(self, text: str) -> Schedule:
        """Return the schedule that ``text`` names; InvalidInput, NotFound."""
        found = self.schedules.get(arguments.schedule_arn(text))
        if found is None:
            raise _no_such(text)
        return found

    def list_page(self, template_arn: str | None, page: PageRequest) -> Page[Schedule]:
        """Return one page of the schedules of a template, or of all; InvalidInput, NoSuchEntity."""
        template = None
        if template_arn is not None:
            template = arguments.existing_template(self.assessments, template_arn).arn
        return self.schedules.list_page(template, page)


def next_run(schedule: Schedule, now: datetime) -> datetime:
    """Return when a schedule is due after its due time and ``now``; InvalidInput if its expression is invalid."""
    return _recurrence(schedule.expression, now).after(schedule.next_at, now)


def _changed(held: Schedule, change: ScheduleChange, now: datetime) -> Schedule:
    changed = held
    if change.expression is not None:
        changed = replace(changed, expression=change.expression, next_at=_first(change.expression, now))
    if change.enabled is not None and change.enabled != held.enabled:
        changed = replace(changed, enabled=change.enabled, last_problem="")
        if change.enabled and changed.next_at <= now and change.expression is None:
            changed = replace(changed, next_at=next_run(changed, now))
    return changed


def _first(expression: str, now: datetime) -> datetime:
    return _recurrence(expression, now).first(now)


def _recurrence(expression: str, now: datetime) -> Recurrence:
    try:
        return parse_recurrence(expression, now)
    except RecurrenceError as error:
        raise InvalidInput("INVALID_ATTRIBUTE", f"{expression[:80]!r} is not a schedule: {error}.") from error


def _no_such(text: str) -> NotFound:
    return NotFound(f"The schedule {text} does not exist.")
