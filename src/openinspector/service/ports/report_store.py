"""Where it is kept which reports there are; their content is in the object store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from openinspector.model.arn import RunArn
from openinspector.model.report import Report, ReportFormat, ReportType


class ReportStore(Protocol):
    """Keeps reports; of each run, type and format at most one is in progress."""

    def begin(self, report: Report) -> Report:
        """Add a report in progress; returns it, or the one that is in progress of the same run, type and format."""
        ...

    def complete(self, report_id: str, at: datetime, wrapped_key: bytes) -> bool:
        """Note that a report in progress is complete; says whether there was one."""
        ...

    def fail(self, report_id: str, at: datetime) -> bool:
        """Note that a report in progress cannot be made; says whether there was one."""
        ...

    def get(self, report_id: str) -> Report | None:
        """Return a report, or None."""
        ...

    def of_run(self, run: RunArn) -> Sequence[Report]:
        """Return a run's reports, the one requested last first."""
        ...

    def latest(self, run: RunArn, type_: ReportType, format_: ReportFormat) -> Report | None:
        """Return the version requested last, or None."""
        ...

    def delete(self, report_id: str) -> None:
        """Delete a report; nothing where it is not there."""
        ...
