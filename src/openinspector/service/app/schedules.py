"""Schedules: templates that are run by themselves (F4.65 to F4.67, which the vendor left to another service).

- A run that is due is started under a name made of the time it was due at and of the schedule's id. If the process
  dies before that is noted, the next start finds the name taken, and knows.
- What was missed while the service was down is caught up once; the row goes on from there.
- A run that cannot be started (its hosts are in another run, a quota is used up) is tried again at every turn; the
  schedule says why.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import structlog

from openinspector.model.arn import RunArn, schedule_arn
from openinspector.model.schedule import Schedule
from openinspector.service.app import arguments
from openinspector.service.app.errors import (
    InvalidInput,
    LimitExceeded,
    NoSuchEntity,
    NotFound,
    RunNameTaken,
    UseCaseError,
)
from openinspector.service.app.installation import Installation
from openinspector.service.app.recurrence import Recurrence, RecurrenceError, parse_recurrence
from openinspector.service.app.runs import start_run

MAX_SCHEDULES: Final = 1000
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChange:
    """What is to be different; None: nothing."""

    expression: str | None = None
    enabled: bool | None = None


def create_schedule(installation: Installation, template_arn: str, expression: str) -> Schedule:
    """Add a schedule; a rate's first run is due at once (F4.71). InvalidInput, NoSuchEntity, LimitExceeded."""
    template = arguments.existing_template(installation, template_arn)
    now = installation.clock.now()
    if installation.schedules.count() >= MAX_SCHEDULES:
        raise LimitExceeded("ASSESSMENT_RUN_LIMIT_EXCEEDED", "There are as many schedules as there may be.")
    schedule = Schedule(
        arn=schedule_arn(template.arn, installation.new_id()),
        template_arn=template.arn,
        expression=expression,
        created_at=now,
        next_at=_first(expression, now),
    )
    installation.schedules.add(schedule)
    return schedule


def update_schedule(installation: Installation, arn: str, change: ScheduleChange) -> Schedule:
    """Change a schedule; one that is switched on again does not catch up. InvalidInput, NotFound."""
    while True:
        held = existing_schedule(installation, arn)
        changed = _changed(held, change, installation.clock.now())
        # It may have been started, or changed by somebody else, meanwhile: then the change is made to what it is now.
        if installation.schedules.replace(held, changed):
            return changed


def delete_schedule(installation: Installation, arn: str) -> None:
    """Delete a schedule; InvalidInput, NotFound."""
    if not installation.schedules.delete(existing_schedule(installation, arn).arn):
        raise _no_such(arn)


def existing_schedule(installation: Installation, text: str) -> Schedule:
    """Return the schedule an argument names; InvalidInput, NotFound."""
    found = installation.schedules.get(arguments.schedule_arn(text))
    if found is None:
        raise _no_such(text)
    return found


def start_due(installation: Installation) -> tuple[RunArn, ...]:
    """Start every run that is due now; returns those that were started."""
    now = installation.clock.now()
    started = (_start(installation, schedule, now) for schedule in installation.schedules.due(now))
    return tuple(run for run in started if run is not None)


def _changed(held: Schedule, change: ScheduleChange, now: datetime) -> Schedule:
    changed = held
    if change.expression is not None:
        changed = replace(changed, expression=change.expression, next_at=_first(change.expression, now))
    if change.enabled is not None and change.enabled != held.enabled:
        changed = replace(changed, enabled=change.enabled, last_problem="")
        if change.enabled and changed.next_at <= now and change.expression is None:
            changed = replace(changed, next_at=_next(changed, now))
    return changed


def _start(installation: Installation, schedule: Schedule, now: datetime) -> RunArn | None:
    due, own_id = schedule.next_at.astimezone(UTC), schedule.arn.rpartition("/")[2]
    name = f"Scheduled {due:%Y-%m-%dT%H:%M:%S.%fZ} {own_id}"
    run: RunArn | None = None
    try:
        # First: an older version may have taken an expression that is none to this one.
        next_at = _next(schedule, now)
        run = start_run(installation, schedule.template_arn, name)
    except RunNameTaken:
        _log.info("schedule resumed", schedule=schedule.arn)
    except NoSuchEntity:
        installation.schedules.delete(schedule.arn)
        _log.warning("schedule without template deleted", schedule=schedule.arn)
        return None
    except UseCaseError as error:
        if str(error) != schedule.last_problem:
            installation.schedules.replace(schedule, replace(schedule, last_problem=str(error)))
            _log.warning("schedule waits", schedule=schedule.arn, problem=str(error))
        return None
    started = replace(schedule, next_at=next_at, last_problem="", last_run_arn=run or schedule.last_run_arn)
    # Where it was changed while it was started, the change stands.
    installation.schedules.replace(schedule, started)
    _log.info("schedule started", schedule=schedule.arn, run=run, next_at=started.next_at.isoformat())
    return run


def _first(expression: str, now: datetime) -> datetime:
    return _recurrence(expression, now).first(now)


def _next(schedule: Schedule, now: datetime) -> datetime:
    return _recurrence(schedule.expression, now).after(schedule.next_at, now)


def _recurrence(expression: str, now: datetime) -> Recurrence:
    try:
        return parse_recurrence(expression, now)
    except RecurrenceError as error:
        raise InvalidInput("INVALID_ATTRIBUTE", f"{expression[:80]!r} is no schedule: {error}.") from error


def _no_such(text: str) -> NotFound:
    return NotFound(f"The schedule {text} does not exist.")
