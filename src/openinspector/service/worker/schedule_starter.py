"""Starts the runs of schedules that are due.

- A run's name contains the due time and the schedule's id. If the process dies before the start is recorded, the next
  attempt finds the name taken and records it.
- Runs missed while the service was down are caught up once; the schedule continues from there.
- A run that cannot start (its hosts are in another run, a quota is used up) is retried at every turn; the schedule
  states the reason.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import structlog

from openinspector.model.arn import RunArn
from openinspector.model.schedule import Schedule
from openinspector.service.app.errors import NoSuchEntity, RunNameTaken, UseCaseError
from openinspector.service.app.runs import Runs
from openinspector.service.app.schedules import next_run
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.page import all_rows
from openinspector.service.ports.record_store import ScheduleStore

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStarter:
    """Starts due runs."""

    schedules: ScheduleStore
    runs: Runs
    clock: Clock

    def start_due(self) -> tuple[RunArn, ...]:
        """Start every run that is due now; return the runs started."""
        now = self.clock.now()
        enabled = (schedule for schedule in all_rows(partial(self.schedules.list_page, None)) if schedule.enabled)
        due = (schedule for schedule in enabled if schedule.next_at <= now)
        longest_due_first = sorted(due, key=lambda schedule: (schedule.next_at, schedule.arn))
        started = (self._start(schedule, now) for schedule in longest_due_first)
        return tuple(run for run in started if run is not None)

    def _start(self, schedule: Schedule, now: datetime) -> RunArn | None:
        due, own_id = schedule.next_at.astimezone(UTC), schedule.arn.rpartition("/")[2]
        name = f"Scheduled {due:%Y-%m-%dT%H:%M:%S.%fZ} {own_id}"
        run: RunArn | None = None
        try:
            # First: an older version may have accepted an expression that this one rejects.
            next_at = next_run(schedule, now)
            run = self.runs.start(schedule.template_arn, name)
        except RunNameTaken:
            _log.info("schedule resumed", schedule=schedule.arn)
        except NoSuchEntity:
            self.schedules.delete(schedule.arn)
            _log.warning("schedule without template deleted", schedule=schedule.arn)
            return None
        except UseCaseError as error:
            if str(error) != schedule.last_problem:
                self.schedules.replace(schedule, replace(schedule, last_problem=str(error)))
                _log.warning("schedule waits", schedule=schedule.arn, problem=str(error))
            return None
        started = replace(schedule, next_at=next_at, last_problem="", last_run_arn=run or schedule.last_run_arn)
        # If the schedule was changed meanwhile, that change wins.
        self.schedules.replace(schedule, started)
        _log.info("schedule started", schedule=schedule.arn, run=run, next_at=started.next_at.isoformat())
        return run
