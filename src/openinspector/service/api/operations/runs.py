"""Assessment runs."""

from collections.abc import Sequence

from openinspector.model.arn import parse_run_arn
from openinspector.model.assessment import AssessmentRun, StopAction
from openinspector.model.finding import Severity
from openinspector.model.notification import Notification
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.api.listing import Listing, duration_range, failed_items, time_range
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import arguments as named
from openinspector.service.app import runs as use_cases
from openinspector.service.app.batch import look_up
from openinspector.service.app.notifications import shown_notifications
from openinspector.service.ports.assessment_store import RunFilter

_RUNS = Listing(operation="ListAssessmentRuns")


def start_assessment_run(services: ApiServices, arguments: Json) -> Json:
    """Start a run of a template."""
    template, name = arguments["assessmentTemplateArn"], arguments.get("assessmentRunName")
    return {"assessmentRunArn": use_cases.start_run(services.installation, template, name)}


def stop_assessment_run(services: ApiServices, arguments: Json) -> None:
    """Stop a run; evaluates what was collected unless told otherwise (F4.35)."""
    action = StopAction(arguments.get("stopAction", StopAction.START_EVALUATION))
    use_cases.stop_run(services.installation, arguments["assessmentRunArn"], action)


def delete_assessment_run(services: ApiServices, arguments: Json) -> None:
    """Delete a run with everything it produced."""
    use_cases.delete_run(services.installation, arguments["assessmentRunArn"])


def describe_assessment_runs(services: ApiServices, arguments: Json) -> Json:
    """Return runs by ARN."""
    batch = look_up(arguments["assessmentRunArns"], parse_run_arn, services.installation.assessments.runs_by_arn)
    told = services.installation.notifications.of_runs(list(batch.found))
    return {
        "assessmentRuns": [_run(run, told.get(run.arn, ())) for run in batch.found.values()],
        "failedItems": failed_items(batch.failed),
    }


def list_assessment_runs(services: ApiServices, arguments: Json) -> Json:
    """List run ARNs, of given templates or all."""
    wanted = _filter(services, arguments)
    rows, more = _RUNS.page(services, arguments, lambda page: services.installation.assessments.list_runs(wanted, page))
    return {"assessmentRunArns": [run.arn for run in rows], **more}


def _filter(services: ApiServices, arguments: Json) -> RunFilter:
    asked = arguments.get("filter", {})
    of = "INVALID_ASSESSMENT_RUN"
    return RunFilter(
        template_arns=tuple(
            named.existing_template(services.installation, arn).arn
            for arn in arguments.get("assessmentTemplateArns", [])
        ),
        name_pattern=asked.get("namePattern"),
        states=tuple(AssessmentRunState(state) for state in asked.get("states", [])),
        duration=duration_range(asked.get("durationRange", {}), f"{of}_DURATION_RANGE"),
        rules_package_arns=tuple(named.rules_package_arn(arn) for arn in asked.get("rulesPackageArns", [])),
        started=time_range(asked.get("startTimeRange", {}), f"{of}_START_TIME_RANGE"),
        completed=time_range(asked.get("completionTimeRange", {}), f"{of}_COMPLETION_TIME_RANGE"),
        state_changed=time_range(asked.get("stateChangeTimeRange", {}), f"{of}_STATE_CHANGE_TIME_RANGE"),
    )


def _run(run: AssessmentRun, told: Sequence[Notification]) -> Json:
    return {
        "arn": run.arn,
        "name": run.name,
        "assessmentTemplateArn": run.template_arn,
        "state": run.state,
        "durationInSeconds": run.duration_seconds,
        "rulesPackageArns": run.rules_package_arns,
        "userAttributesForFindings": run.user_attributes,
        "createdAt": run.created_at,
        "startedAt": run.started_at,
        "completedAt": run.completed_at,
        "stateChangedAt": run.state_changed_at,
        "dataCollected": run.data_collected,
        "stateChanges": [{"stateChangedAt": change.at, "state": change.state} for change in run.state_changes],
        "notifications": shown_notifications(told),
        "findingCounts": {severity.value: run.finding_counts.get(severity, 0) for severity in Severity},
    }
