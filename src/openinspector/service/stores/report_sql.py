"""Reports in SQL. A unique column, empty once a report has ended, allows one in progress per run, type and format."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, delete, select, update

from openinspector.model.arn import RunArn
from openinspector.model.report import Report, ReportFormat, ReportStatus, ReportType
from openinspector.service.stores.dialect import insert_new
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.schema import REPORT


class SqlReportStore:
    """Stores reports."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, report: Report) -> Report:
        """Add a report in progress and return it, or the one of the same run, type and format that is in progress."""
        row = {
            "id": report.id,
            "run_arn": report.run_arn,
            "type": report.type,
            "format": report.format,
            "requested_at": report.requested_at,
            "status": report.status,
            "wrapped_key": report.wrapped_key,
            "in_progress": f"{report.run_arn} {report.type} {report.format}",
        }
        pending = select(REPORT).where(REPORT.c.in_progress == row["in_progress"])
        with writing(self._engine) as connection:
            connection.execute(insert_new(connection, REPORT, ("in_progress",)), row)
            return _report(connection.execute(pending).one())

    def complete(self, report_id: str, at: datetime, wrapped_key: bytes) -> bool:
        """Complete a report in progress; return True if there was one."""
        return self._end(report_id, {"status": ReportStatus.COMPLETED, "ended_at": at, "wrapped_key": wrapped_key})

    def fail(self, report_id: str, at: datetime) -> bool:
        """Mark a report in progress as failed; return True if there was one."""
        return self._end(report_id, {"status": ReportStatus.FAILED, "ended_at": at})

    def get(self, report_id: str) -> Report | None:
        """Return a report, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(select(REPORT).where(REPORT.c.id == report_id)).one_or_none()
        return None if row is None else _report(row)

    def of_run(self, run: RunArn) -> Sequence[Report]:
        """Return the reports of a run, newest request first."""
        query = select(REPORT).where(REPORT.c.run_arn == run)
        with reading(self._engine) as connection:
            return [_report(row) for row in connection.execute(query.order_by(REPORT.c.requested_at.desc()))]

    def latest(self, run: RunArn, type_: ReportType, format_: ReportFormat) -> Report | None:
        """Return the newest version, or None."""
        return next((one for one in self.of_run(run) if (one.type, one.format) == (type_, format_)), None)

    def delete(self, report_id: str) -> None:
        """Delete a report; no effect if it does not exist."""
        with writing(self._engine) as connection:
            connection.execute(delete(REPORT).where(REPORT.c.id == report_id))

    def _end(self, report_id: str, values: dict[str, object]) -> bool:
        pending = update(REPORT).where(REPORT.c.id == report_id, REPORT.c.in_progress.is_not(None))
        with writing(self._engine) as connection:
            return connection.execute(pending.values(**values, in_progress=None)).rowcount == 1


def _report(row: Row[Any]) -> Report:
    return Report(
        id=row.id,
        run_arn=RunArn(row.run_arn),
        type=ReportType(row.type),
        format=ReportFormat(row.format),
        requested_at=row.requested_at,
        status=ReportStatus(row.status),
        ended_at=row.ended_at,
        wrapped_key=bytes(row.wrapped_key),
    )
