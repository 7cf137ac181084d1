"""Assessment reports: one document about a run that ended, made on request (section 7 of the facts)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from openinspector.model.arn import RunArn


class ReportFormat(StrEnum):
    """Format of a report; the value is the wire's (F7.1)."""

    HTML = "HTML"
    PDF = "PDF"


class ReportType(StrEnum):
    """Extent of a report; the value is the wire's (F7.1)."""

    FINDING = "FINDING"
    """Summary, scope and all findings (F7.5)."""
    FULL = "FULL"
    """The same, and every rule with its outcomes (F7.6)."""


class ReportStatus(StrEnum):
    """Progress of a report; the value is the wire's (F7.2)."""

    WORK_IN_PROGRESS = "WORK_IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One version of a run's report in one type and format."""

    id: str
    """A UUID in lower case."""
    run_arn: RunArn
    type: ReportType
    format: ReportFormat
    requested_at: datetime
    status: ReportStatus = ReportStatus.WORK_IN_PROGRESS
    ended_at: datetime | None = None
    """When it was completed or failed."""
    wrapped_key: bytes = b""
    """Its wrapped data key; empty until it is complete."""
