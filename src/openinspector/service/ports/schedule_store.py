"""Where schedules are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from openinspector.model.arn import ScheduleArn, TargetArn, TemplateArn
from openinspector.model.schedule import Schedule
from openinspector.service.ports.page import Page, PageRequest


class ScheduleStore(Protocol):
    """Keeps schedules."""

    def add(self, schedule: Schedule) -> None:
        """Add a schedule; StoreError where its ARN is taken."""
        ...

    def get(self, arn: ScheduleArn) -> Schedule | None:
        """Return a schedule, or None."""
        ...

    def replace(self, held: Schedule, changed: Schedule) -> bool:
        """Replace a schedule that still is as it was read; says whether it was.

        ``held`` is what was read. Expression, `next_at` and `enabled` count: who changes them does so on purpose.
        """
        ...

    def delete(self, arn: ScheduleArn) -> bool:
        """Delete a schedule; says whether it was there."""
        ...

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the schedules of a template, or of a target's templates; says how many."""
        ...

    def count(self) -> int:
        """Return how many schedules there are."""
        ...

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Schedule]:
        """Return one page of a template's schedules, or of all."""
        ...

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has schedules, sorted."""
        ...

    def due(self, now: datetime) -> Sequence[Schedule]:
        """Return the enabled schedules whose next run is not after ``now``, the longest due first."""
        ...
