"""Assessment runs."""

from functools import partial

from openinspector.model.assessment import StopAction
from openinspector.model.finding import Severity
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.api.listing import Listing, duration_range, failed_items, time_range
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json
from openinspector.service.app import arguments as named
from openinspector.service.app.runs import DescribedRun
from openinspector.service.ports.assessment_store import RunFilter

_RUNS = Listing(operation="ListAssessmentRuns")


def start_assessment_run(services: ApiServices, arguments: Json) -> Json:
    """Start a run of a template."""
    template, name = arguments["assessmentTemplateArn"], arguments.get("assessmentRunName")
    return {"assessmentRunArn": services.app.runs.start(template, name)}


def stop_assessment_run(services: ApiServices, arguments: Json) -> None:
    """Stop a run; by default evaluate the telemetry collected (F4.35)."""
    action = StopAction(arguments.get("stopAction", StopAction.START_EVALUATION))
    services.app.runs.stop(arguments["assessmentRunArn"], action)


def delete_assessment_run(services: ApiServices, arguments: Json) -> None:
    """Delete a run with its findings, reports and telemetry."""
    services.app.runs.delete(arguments["assessmentRunArn"])


def describe_assessment_runs(services: ApiServices, arguments: Json) -> Json:
    """Return runs by ARN."""
    described = services.app.runs.describe(arguments["assessmentRunArns"])
    return {
        "assessmentRuns": [_run(one) for one in described.found.values()],
        "failedItems": failed_items(described.failed),
    }


def list_assessment_runs(services: ApiServices, arguments: Json) -> Json:
    """List run ARNs of the given templates, or of all."""
    list_page = partial(services.app.runs.list_page, arguments.get("assessmentTemplateArns", []), _filter(arguments))
    rows, more = _RUNS.page(services, arguments, list_page)
    return {"assessmentRunArns": [run.arn for run in rows], **more}


def _filter(arguments: Json) -> RunFilter:
    asked = arguments.get("filter", {})
    of = "INVALID_ASSESSMENT_RUN"
    return RunFilter(
        name_pattern=asked.get("namePattern"),
        states=tuple(AssessmentRunState(state) for state in asked.get("states", [])),
        duration=duration_range(asked.get("durationRange", {}), f"{of}_DURATION_RANGE"),
        rules_package_arns=tuple(named.rules_package_arn(arn) for arn in asked.get("rulesPackageArns", [])),
        started=time_range(asked.get("startTimeRange", {}), f"{of}_START_TIME_RANGE"),
        completed=time_range(asked.get("completionTimeRange", {}), f"{of}_COMPLETION_TIME_RANGE"),
        state_changed=time_range(asked.get("stateChangeTimeRange", {}), f"{of}_STATE_CHANGE_TIME_RANGE"),
    )


def _run(described: DescribedRun) -> Json:
    run = described.run
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
        "notifications": described.notifications,
        "findingCounts": {severity.value: run.finding_counts.get(severity, 0) for severity in Severity},
    }
