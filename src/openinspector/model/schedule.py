"""Schedule: when a template's runs are started by themselves."""

from dataclasses import dataclass
from datetime import datetime

from openinspector.model.arn import RunArn, ScheduleArn, TemplateArn


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A template that is run again and again."""

    arn: ScheduleArn
    template_arn: TemplateArn
    expression: str
    """``rate(7 days)`` or ``cron(0 3 * * *)``, in UTC; `openinspector.service.app.recurrence` reads it."""
    created_at: datetime
    next_at: datetime
    """When the next run is to be started; in the past while it could not be."""
    enabled: bool = True
    last_run_arn: RunArn | None = None
    last_problem: str = ""
    """Why the run that was due could not be started; empty since the last that was."""
