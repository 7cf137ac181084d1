"""Reports: requested, made by a workflow, and requested again until complete (F7.1 to F7.9).

Only completed runs have reports. Runs in progress: `AssessmentRunInProgressException`. Runs that failed or were
canceled: `UnsupportedFeatureException` with ``canRetry`` false; so are full reports of runs evaluated before the
outcomes of rules were stored, as with the vendor (F7.4).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from openinspector.model.assessment import AssessmentRun
from openinspector.model.report import Report, ReportFormat, ReportStatus, ReportType
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.app import arguments
from openinspector.service.app.errors import ReportUnavailable, RunInProgress
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.report_store import ReportStore
from openinspector.service.ports.rule_result_store import RuleResultStore
from openinspector.service.ports.workflows import Workflows

REPORT_WORKFLOW: Final = "assessment_report"
"""The workflow that makes a report; its id is the report's."""
FRESH: Final = timedelta(hours=1)
"""How long a version is current: user attributes of findings and descriptions of agents may change."""
RETRY_AFTER: Final = timedelta(minutes=1)
"""How long a failure is returned before a request starts a new attempt."""
_COMPLETED: Final = (AssessmentRunState.COMPLETED, AssessmentRunState.COMPLETED_WITH_ERRORS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """Identifies a report."""

    run_arn: str
    type: ReportType
    format: ReportFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Requests reports and returns them."""

    assessments: AssessmentStore
    reports: ReportStore
    rule_results: RuleResultStore
    workflows: Workflows
    clock: Clock

    def get(self, wanted: ReportRequest, new_id: str) -> Report:
        """Return the current version of a report; if there is none, begin one under ``new_id``.

        Raises InvalidInput, NoSuchEntity, RunInProgress, and ReportUnavailable if the run cannot have the report.
        """
        run = arguments.existing_run(self.assessments, wanted.run_arn)
        _check_completed(run)
        held = self.reports.latest(run.arn, wanted.type, wanted.format)
        if held is not None and _is_current(held, self.clock.now()):
            if held.status is ReportStatus.WORK_IN_PROGRESS:
                # The process may have died before the workflow started. Starting the same id again has no effect.
                self.workflows.start(REPORT_WORKFLOW, held.id, held.id)
            return held
        self._check_rule_results(run, wanted.type)
        begun = self.reports.begin(
            Report(id=new_id, run_arn=run.arn, type=wanted.type, format=wanted.format, requested_at=self.clock.now())
        )
        self.workflows.start(REPORT_WORKFLOW, begun.id, begun.id)
        return begun

    def _check_rule_results(self, run: AssessmentRun, wanted: ReportType) -> None:
        """Refuse a full report of a run that was evaluated before rule results were stored (F7.4)."""
        if wanted is not ReportType.FULL or not self.assessments.run_agents(run.arn):
            return
        if not self.rule_results.tallies(run.arn):
            raise ReportUnavailable(
                "The run was evaluated before rule results were stored; request a report of type FINDING."
            )


def _is_current(held: Report, now: datetime) -> bool:
    if held.ended_at is None:
        return True
    return now - held.ended_at < (FRESH if held.status is ReportStatus.COMPLETED else RETRY_AFTER)


def _check_completed(run: AssessmentRun) -> None:
    if run.in_progress:
        raise RunInProgress((run.arn,))
    if run.state not in _COMPLETED:
        raise ReportUnavailable(f"The run ended {run.state}; only completed runs have reports.")
