"""Schedules: additional operations that the vendor does not have (ADR 43)."""

from functools import partial
from typing import Final

from openinspector.model.schedule import Schedule
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app.schedules import ScheduleChange

_SCHEDULES: Final = Listing(operation="ListSchedules")


def create_schedule(services: ApiServices, arguments: Json) -> Json:
    """Create a schedule of a template."""
    made = services.app.schedules.create(arguments["assessmentTemplateArn"], arguments["scheduleExpression"])
    return {"schedule": _schedule(made)}


def list_schedules(services: ApiServices, arguments: Json) -> Json:
    """List schedules of a template, or all."""
    list_page = partial(services.app.schedules.list_page, arguments.get("assessmentTemplateArn"))
    rows, more = _SCHEDULES.page(services, arguments, list_page)
    return {"schedules": [_schedule(row) for row in rows], **more}


def update_schedule(services: ApiServices, arguments: Json) -> Json:
    """Change the expression of a schedule, or enable or disable it."""
    change = ScheduleChange(expression=arguments.get("scheduleExpression"), enabled=arguments.get("enabled"))
    return {"schedule": _schedule(services.app.schedules.update(arguments["scheduleArn"], change))}


def delete_schedule(services: ApiServices, arguments: Json) -> None:
    """Delete a schedule, but not its runs."""
    services.app.schedules.delete(arguments["scheduleArn"])


def _schedule(schedule: Schedule) -> Json:
    return {
        "arn": schedule.arn,
        "assessmentTemplateArn": schedule.template_arn,
        "scheduleExpression": schedule.expression,
        "enabled": schedule.enabled,
        "createdAt": schedule.created_at,
        "nextRunAt": schedule.next_at,
        "lastAssessmentRunArn": schedule.last_run_arn,
        "lastProblem": schedule.last_problem or None,
    }
