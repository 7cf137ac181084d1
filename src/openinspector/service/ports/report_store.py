"""Store of reports' metadata; their content is in the object store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from openinspector.model.arn import RunArn
from openinspector.model.report import Report, ReportFormat, ReportType


class ReportStore(Protocol):
    """Stores reports; at most one per run, type and format is in progress."""

    def begin(self, report: Report) -> Report:
        """Add a report in progress and return it, or the one of the same run, type and format that is in progress."""
        ...

    def complete(self, report_id: str, at: datetime, wrapped_key: bytes) -> bool:
        """Complete a report in progress; return True if there was one."""
        ...

    def fail(self, report_id: str, at: datetime) -> bool:
        """Mark a report in progress as failed; return True if there was one."""
        ...

    def get(self, report_id: str) -> Report | None:
        """Return a report, or None."""
        ...

    def of_run(self, run: RunArn) -> Sequence[Report]:
        """Return the reports of a run, newest request first."""
        ...

    def latest(self, run: RunArn, type_: ReportType, format_: ReportFormat) -> Report | None:
        """Return the newest version, or None."""
        ...

    def delete(self, report_id: str) -> None:
        """Delete a report; no effect if it does not exist."""
        ...
