"""Schedules: operations of our own beside the vendor's (ADR 43)."""

from functools import partial
from typing import Final

from openinspector.model.schedule import Schedule
from openinspector.service.api.listing import Listing
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import arguments as named
from openinspector.service.app import schedules as use_cases

_SCHEDULES: Final = Listing(operation="ListSchedules")


def create_schedule(services: ApiServices, arguments: Json) -> Json:
    """Let a template be run by itself."""
    made = use_cases.create_schedule(
        services.installation, arguments["assessmentTemplateArn"], arguments["scheduleExpression"]
    )
    return {"schedule": _schedule(made)}


def list_schedules(services: ApiServices, arguments: Json) -> Json:
    """List schedules of a template, or all."""
    template = arguments.get("assessmentTemplateArn")
    arn = named.existing_template(services.installation, template).arn if template is not None else None
    list_page = partial(services.installation.schedules.list_page, arn)
    rows, more = _SCHEDULES.page(services, arguments, list_page)
    return {"schedules": [_schedule(row) for row in rows], **more}


def update_schedule(services: ApiServices, arguments: Json) -> Json:
    """Change a schedule's expression, or switch it on or off."""
    change = use_cases.ScheduleChange(expression=arguments.get("scheduleExpression"), enabled=arguments.get("enabled"))
    return {"schedule": _schedule(use_cases.update_schedule(services.installation, arguments["scheduleArn"], change))}


def delete_schedule(services: ApiServices, arguments: Json) -> None:
    """Delete a schedule; its runs stay."""
    use_cases.delete_schedule(services.installation, arguments["scheduleArn"])


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
