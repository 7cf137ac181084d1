"""Store of schedules."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from openinspector.model.arn import ScheduleArn, TargetArn, TemplateArn
from openinspector.model.schedule import Schedule
from openinspector.service.ports.page import Page, PageRequest


class ScheduleStore(Protocol):
    """Stores schedules."""

    def add(self, schedule: Schedule) -> None:
        """Add a schedule; StoreError if its ARN exists."""
        ...

    def get(self, arn: ScheduleArn) -> Schedule | None:
        """Return a schedule, or None."""
        ...

    def replace(self, held: Schedule, changed: Schedule) -> bool:
        """Replace a schedule unless it changed since it was read as ``held``; return True if replaced.

        Only changes of expression, `next_at` and `enabled` count: users make those.
        """
        ...

    def delete(self, arn: ScheduleArn) -> bool:
        """Delete a schedule; return True if it existed."""
        ...

    def delete_below(self, parent: TargetArn | TemplateArn) -> int:
        """Delete the schedules of a template, or of a target's templates; return the number deleted."""
        ...

    def count(self) -> int:
        """Return the number of schedules."""
        ...

    def list_page(self, template: TemplateArn | None, page: PageRequest) -> Page[Schedule]:
        """Return one page of the schedules of a template, or of all."""
        ...

    def templates(self) -> Sequence[TemplateArn]:
        """Return every template that has schedules, sorted."""
        ...

    def due(self, now: datetime) -> Sequence[Schedule]:
        """Return the enabled schedules whose next run is not after ``now``, the longest due first."""
        ...
