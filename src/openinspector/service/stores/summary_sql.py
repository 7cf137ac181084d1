"""Summaries of completed runs in SQL: one row a run, its content as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, delete, select

from openinspector.model.arn import RunArn, TemplateArn
from openinspector.model.run_state import AssessmentRunState
from openinspector.model.run_summary import RunSummary
from openinspector.service.stores.console_schema import RUN_SUMMARY
from openinspector.service.stores.dialect import insert_new
from openinspector.service.stores.engine import reading, reading_once, writing
from openinspector.service.stores.schema import RUN

_COMPLETED: Final = (AssessmentRunState.COMPLETED, AssessmentRunState.COMPLETED_WITH_ERRORS)


class SqlSummaryStore:
    """Stores summaries of runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def pending(self, limit: int) -> Sequence[RunArn]:
        """Return completed runs without a summary, oldest first."""
        there = select(RUN_SUMMARY.c.run_arn).where(RUN_SUMMARY.c.run_arn == RUN.c.arn).exists()
        query = select(RUN.c.arn).where(RUN.c.state.in_(_COMPLETED), ~there)
        with reading(self._engine) as connection:
            return list(connection.scalars(query.order_by(RUN.c.completed_at, RUN.c.arn).limit(limit)))

    def add(self, summary: RunSummary) -> None:
        """Add a summary; an existing one does not change."""
        row = {
            "run_arn": summary.run_arn,
            "template_arn": summary.template_arn,
            "completed_at": summary.completed_at,
            "content": summary.content,
        }
        with writing(self._engine) as connection:
            connection.execute(insert_new(connection, RUN_SUMMARY, ("run_arn",)), row)

    def get(self, run: RunArn) -> RunSummary | None:
        """Return a run's summary, or None."""
        with reading_once(self._engine) as connection:
            row = connection.execute(select(RUN_SUMMARY).where(RUN_SUMMARY.c.run_arn == run)).one_or_none()
        if row is None:
            return None
        return RunSummary(
            run_arn=row.run_arn, template_arn=row.template_arn, completed_at=row.completed_at, content=row.content
        )

    def latest(self, template: TemplateArn | None = None, before: datetime | None = None) -> RunArn | None:
        """Return the run with a summary that ended last, of a template and before a moment if given; or None."""
        query = select(RUN_SUMMARY.c.run_arn)
        if template is not None:
            query = query.where(RUN_SUMMARY.c.template_arn == template)
        if before is not None:
            query = query.where(RUN_SUMMARY.c.completed_at < before)
        query = query.order_by(RUN_SUMMARY.c.completed_at.desc(), RUN_SUMMARY.c.run_arn.desc()).limit(1)
        with reading_once(self._engine) as connection:
            found = connection.scalar(query)
        return None if found is None else RunArn(found)

    def recent(self, limit: int) -> Sequence[RunArn]:
        """Return the runs with a summary that ended last, newest first."""
        query = select(RUN_SUMMARY.c.run_arn)
        query = query.order_by(RUN_SUMMARY.c.completed_at.desc(), RUN_SUMMARY.c.run_arn.desc()).limit(limit)
        with reading_once(self._engine) as connection:
            return [RunArn(run) for run in connection.scalars(query)]

    def delete_run(self, run: RunArn) -> None:
        """Delete a run's summary."""
        with writing(self._engine) as connection:
            connection.execute(delete(RUN_SUMMARY).where(RUN_SUMMARY.c.run_arn == run))
