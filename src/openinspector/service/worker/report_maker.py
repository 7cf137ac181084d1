"""Makes reports."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from openinspector.model.report import Report, ReportFormat, ReportStatus
from openinspector.service.app.report_vault import ReportVault
from openinspector.service.app.reports import FRESH
from openinspector.service.app.signed_links import REPORTS
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.report_store import ReportStore
from openinspector.service.ports.workflows import WorkflowContext
from openinspector.service.reports.content import ReportContent
from openinspector.service.worker.report_contents import ReportContents

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMaker:
    """The body of the workflow `REPORT_WORKFLOW`."""

    assessments: AssessmentStore
    reports: ReportStore
    contents: ReportContents
    vault: ReportVault
    advisories: AdvisoryStore
    lay_out: Callable[[ReportContent, ReportFormat], bytes]
    """Renders a report in a format."""
    clock: Clock

    def __call__(self, context: WorkflowContext, report_id: str) -> None:
        """Make and store a report; on any failure, mark it as failed so that it does not stay in progress."""
        context.step("make", lambda: self._make(report_id))

    def _make(self, report_id: str) -> str:
        report = self.reports.get(report_id)
        if report is None:
            return "deleted"
        if report.status is not ReportStatus.WORK_IN_PROGRESS:
            # The process died after completing it. Sealing again would use a key other than the stored one.
            return "already done"
        try:
            return self._made(report)
        except Exception:  # noqa: BLE001
            _log.exception("report failed", run=report.run_arn, report=report.id)
            self.reports.fail(report.id, self.clock.now())
            return "failed"

    def _made(self, report: Report) -> str:
        run = self.assessments.runs_by_arn([report.run_arn]).get(report.run_arn)
        if run is None:
            self.reports.delete(report.id)
            return "run deleted"
        content = self.contents.gather(run, report.type, self.advisories.snapshots())
        document = self.lay_out(content, report.format)
        wrapped = self.vault.put(report, document)
        if not self.reports.complete(report.id, self.clock.now(), wrapped):
            # The run was deleted meanwhile.
            self.vault.delete(report)
            return "deleted"
        self._delete_old(report)
        _log.info("report done", run=run.arn, report=report.id, findings=content.total, bytes=len(document))
        return str(len(document))

    def _delete_old(self, newest: Report) -> None:
        """Delete versions older than ``newest`` whose last link has expired."""
        ended_before = self.clock.now() - FRESH - REPORTS.lifetime
        for old in self.reports.of_run(newest.run_arn):
            same = (old.type, old.format) == (newest.type, newest.format) and old.id != newest.id
            if same and old.ended_at is not None and old.ended_at < ended_before:
                self.reports.delete(old.id)
                self.vault.delete(old)
