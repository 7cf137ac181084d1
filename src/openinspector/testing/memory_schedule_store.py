"""The schedule store's simulator: the whole port, in memory."""

import threading
from collections.abc import Sequence
from datetime import datetime

from openinspector.model.arn import ScheduleArn, TargetArn, TemplateArn
from openinspector.model.errors import StoreError
from openinspector.model.schedule import Schedule
from openinspector.service.ports.page import Page, PageRequest
from openinspector.testing.memory_page import page_of


class MemoryScheduleStore:
    """Keeps everything in a dictionary; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._schedules: dict[ScheduleArn, Schedule] = {}

    def add(self, schedule: Schedule) -> None:
        """Add a schedule; StoreError where its ARN is taken."""
        with self._lock:
            if schedule.arn in self._schedules:
                raise StoreError(f"there is a {schedule.arn} already")
            self._schedules[schedule.arn] = schedule

    def get(self, arn: ScheduleArn) -> Schedule | None:
        """Return a schedule, or None."""
        with self._lock:
            return self._schedules.get(arn)

    def replace(self, held: Schedule, changed: Schedule) -> bool:
        """Replace a schedule that still is as it was read; says whether it was."""
        with self._lock:
            now = self._schedules.get(held.arn)
            if now is None or _chosen(now) != _chosen(held):
                return False
            self._schedules[held.arn] = changed
            return True

    def delete(self, arn: ScheduleArn) -> bool:
        """Delete a schedule; says whether it was there."""
        with self._lock:
            return self._schedules.pop(arn, None) is not None

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the schedules of a template, or of a target's templates; says how many."""
        with self._lock:
            below = [arn for arn in self._schedules if arn.startswith(f"{parent}/")]
            for arn in below:
                del self._schedules[arn]
            return len(below)

    def count(self) -> int:
        """Return how many schedules there are."""
        return len(self._schedules)

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Schedule]:
        """Return one page of a template's schedules, or of all."""
        with self._lock:
            found = [one for one in self._schedules.values() if template in (None, one.template_arn)]
        return page_of(found, lambda one: (one.created_at, one.arn), page)

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has schedules, sorted."""
        with self._lock:
            return sorted({one.template_arn for one in self._schedules.values()})

    def due(self, now: datetime) -> Sequence[Schedule]:
        """Return the enabled schedules whose next run is not after ``now``, the longest due first."""
        with self._lock:
            found = [one for one in self._schedules.values() if one.enabled and one.next_at <= now]
        return sorted(found, key=lambda one: (one.next_at, one.arn))


def _chosen(schedule: Schedule) -> tuple[str, datetime, bool]:
    return schedule.expression, schedule.next_at, schedule.enabled
