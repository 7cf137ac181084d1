"""Assessment reports: one document about a run that ended, made on request (section 7 of the facts)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from openinspector.model.arn import RunArn


class ReportFormat(StrEnum):
    """How a report is laid out; the value is the wire's (F7.1)."""

    HTML = "HTML"
    PDF = "PDF"


class ReportType(StrEnum):
    """What a report tells; the value is the wire's (F7.1)."""

    FINDING = "FINDING"
    """Summary, what was tested, every finding (F7.5)."""
    FULL = "FULL"
    """The same, and every rule that was checked with how it came out (F7.6)."""


class ReportStatus(StrEnum):
    """How far a report is; the value is the wire's (F7.2)."""

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
    """When it was completed, or failed."""
    wrapped_key: bytes = b""
    """The wrapped key it is sealed with; empty until it is complete."""
