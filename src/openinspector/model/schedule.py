"""Schedule: when runs of a template start automatically."""

from dataclasses import dataclass
from datetime import datetime

from openinspector.model.arn import RunArn, ScheduleArn, TemplateArn


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Recurring runs of a template."""

    arn: ScheduleArn
    template_arn: TemplateArn
    expression: str
    """``rate(7 days)`` or ``cron(0 3 * * *)``, in UTC; `openinspector.service.app.recurrence` reads it."""
    created_at: datetime
    next_at: datetime
    """When the next run is due; in the past if it could not be started."""
    enabled: bool = True
    last_run_arn: RunArn | None = None
    last_problem: str = ""
    """Why the last due run could not be started; empty if it was."""
