"""The report store's simulator: the whole port, in memory."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from openinspector.model.arn import RunArn
from openinspector.model.report import Report, ReportFormat, ReportStatus, ReportType


class MemoryReportStore:
    """Keeps everything in a dictionary; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._reports: dict[str, Report] = {}

    def begin(self, report: Report) -> Report:
        """Add a report in progress; returns it, or the one that is in progress of the same run, type and format."""
        with self._lock:
            for held in self.of_run(report.run_arn):
                same = (held.type, held.format) == (report.type, report.format)
                if same and held.status is ReportStatus.WORK_IN_PROGRESS:
                    return held
            self._reports[report.id] = report
            return report

    def complete(self, report_id: str, at: datetime, wrapped_key: bytes) -> bool:
        """Note that a report in progress is complete; says whether there was one."""
        return self._end(report_id, ReportStatus.COMPLETED, at, wrapped_key)

    def fail(self, report_id: str, at: datetime) -> bool:
        """Note that a report in progress cannot be made; says whether there was one."""
        return self._end(report_id, ReportStatus.FAILED, at, b"")

    def get(self, report_id: str) -> Report | None:
        """Return a report, or None."""
        with self._lock:
            return self._reports.get(report_id)

    def of_run(self, run: RunArn) -> Sequence[Report]:
        """Return a run's reports, the one requested last first."""
        with self._lock:
            found = [report for report in self._reports.values() if report.run_arn == run]
        return sorted(found, key=lambda report: report.requested_at, reverse=True)

    def latest(self, run: RunArn, type_: ReportType, format_: ReportFormat) -> Report | None:
        """Return the version requested last, or None."""
        return next((one for one in self.of_run(run) if (one.type, one.format) == (type_, format_)), None)

    def delete(self, report_id: str) -> None:
        """Delete a report; nothing where it is not there."""
        with self._lock:
            self._reports.pop(report_id, None)

    def _end(self, report_id: str, status: ReportStatus, at: datetime, wrapped_key: bytes) -> bool:
        with self._lock:
            held = self._reports.get(report_id)
            if held is None or held.status is not ReportStatus.WORK_IN_PROGRESS:
                return False
            self._reports[report_id] = replace(held, status=status, ended_at=at, wrapped_key=wrapped_key)
            return True
