"""Reports: asked for, made by a workflow, and asked for again until they are there (F7.1 to F7.9)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from openinspector.model.assessment import AssessmentRun
from openinspector.model.report import Report, ReportFormat, ReportStatus, ReportType
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.app import arguments
from openinspector.service.app.errors import ReportUnavailable, RunInProgress
from openinspector.service.app.installation import Installation
from openinspector.service.app.report_content import report_content
from openinspector.service.app.report_links import LIFETIME
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.ports.workflows import WorkflowContext
from openinspector.service.reports.content import ReportContent

REPORT_WORKFLOW: Final = "assessment_report"
"""The workflow that makes a report; its id is the report's."""
FRESH: Final = timedelta(hours=1)
"""For how long a version is good: findings' user attributes may change, agents may be described anew."""
FAILURE_TOLD: Final = timedelta(minutes=1)
"""For how long a failure is answered before asking again tries again."""
_COMPLETED: Final = (AssessmentRunState.COMPLETED, AssessmentRunState.COMPLETED_WITH_ERRORS)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """Which report is asked for."""

    run_arn: str
    type: ReportType
    format: ReportFormat


def get_report(installation: Installation, wanted: ReportRequest, new_id: str) -> Report:
    """Return the version of a report that is good now, begun under ``new_id`` where there is none.

    Raises InvalidInput, NoSuchEntity, RunInProgress, and ReportUnavailable where no report can be made of the run.
    """
    run = arguments.existing_run(installation, wanted.run_arn)
    _check_ended_well(run)
    now = installation.clock.now()
    held = installation.reports.latest(run.arn, wanted.type, wanted.format)
    if held is not None and _is_good(held, now):
        if held.status is ReportStatus.WORK_IN_PROGRESS:
            # The process may have died before the workflow was started; the same id again changes nothing.
            installation.workflows.start(REPORT_WORKFLOW, held.id, held.id)
        return held
    _check_rules_are_known(installation, run, wanted.type)
    begun = installation.reports.begin(
        Report(id=new_id, run_arn=run.arn, type=wanted.type, format=wanted.format, requested_at=now)
    )
    installation.workflows.start(REPORT_WORKFLOW, begun.id, begun.id)
    return begun


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMaker:
    """The body of the workflow `REPORT_WORKFLOW`."""

    installation: Installation
    advisories: AdvisoryStore
    lay_out: Callable[[ReportContent, ReportFormat], bytes]
    """Lays a report out in its format."""

    def __call__(self, context: WorkflowContext, report_id: str) -> None:
        """Make a report and keep it; whatever goes wrong, it does not stay in progress for ever."""
        context.step("make", lambda: self._make(report_id))

    def _make(self, report_id: str) -> str:
        report = self.installation.reports.get(report_id)
        if report is None:
            return "forgotten"
        if report.status is not ReportStatus.WORK_IN_PROGRESS:
            # The process died after it was noted; to seal it again would be with another key than the one kept.
            return "done before"
        try:
            return self._made(report)
        except Exception:  # noqa: BLE001
            _log.exception("report failed", run=report.run_arn, report=report.id)
            self.installation.reports.fail(report.id, self.installation.clock.now())
            return "failed"

    def _made(self, report: Report) -> str:
        run = self.installation.assessments.runs_by_arn([report.run_arn]).get(report.run_arn)
        if run is None:
            self.installation.reports.delete(report.id)
            return "run deleted"
        content = report_content(self.installation, run, report.type, self.advisories.snapshots())
        document = self.lay_out(content, report.format)
        wrapped = self.installation.report_vault.put(report, document)
        if not self.installation.reports.complete(report.id, self.installation.clock.now(), wrapped):
            # Its run was deleted meanwhile.
            self.installation.report_vault.delete(report)
            return "forgotten"
        self._forget_old(report)
        _log.info("report done", run=run.arn, report=report.id, findings=content.total, bytes=len(document))
        return str(len(document))

    def _forget_old(self, newest: Report) -> None:
        """Forget the versions before ``newest`` whose last link has ended."""
        ended_before = self.installation.clock.now() - FRESH - LIFETIME
        for old in self.installation.reports.of_run(newest.run_arn):
            same = (old.type, old.format) == (newest.type, newest.format) and old.id != newest.id
            if same and old.ended_at is not None and old.ended_at < ended_before:
                self.installation.reports.delete(old.id)
                self.installation.report_vault.delete(old)


def _is_good(held: Report, now: datetime) -> bool:
    if held.ended_at is None:
        return True
    return now - held.ended_at < (FRESH if held.status is ReportStatus.COMPLETED else FAILURE_TOLD)


def _check_ended_well(run: AssessmentRun) -> None:
    if run.in_progress:
        raise RunInProgress((run.arn,))
    if run.state not in _COMPLETED:
        raise ReportUnavailable(f"The run ended {run.state}; there are reports of runs that completed only.")


def _check_rules_are_known(installation: Installation, run: AssessmentRun, wanted: ReportType) -> None:
    """Refuse a full report of a run that was evaluated before outcomes were kept, as the vendor did (F7.4)."""
    if wanted is not ReportType.FULL or not installation.assessments.run_agents(run.arn):
        return
    if not installation.rule_results.tallies(run.arn):
        raise ReportUnavailable(
            "The run was evaluated before outcomes of rules were kept; ask for a report of type FINDING."
        )
