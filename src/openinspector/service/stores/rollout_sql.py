"""Rollout rings and agents' reports in SQL."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Engine, Row, delete, func, select, update

from openinspector.service.ports.rollout_store import ReportCounts, RolloutRing, UpdateReport
from openinspector.service.stores.dialect import upsert
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.schema import ROLLOUT_RING, UPDATE_REPORT


class SqlRolloutStore:
    """Stores rings and reports."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_rings(self) -> Sequence[RolloutRing]:
        """Return all rings by position, then name."""
        query = select(ROLLOUT_RING).order_by(ROLLOUT_RING.c.position, ROLLOUT_RING.c.name)
        with reading(self._engine) as connection:
            return [_ring(row) for row in connection.execute(query)]

    def put_ring(self, ring: RolloutRing) -> None:
        """Add a ring, or replace the one of that name."""
        with writing(self._engine) as connection:
            connection.execute(upsert(connection, ROLLOUT_RING, _row(ring)))

    def set_pause(self, name: str, because: str) -> bool:
        """Pause a ring with a reason, or resume it with an empty one; return True if it exists."""
        statement = update(ROLLOUT_RING).where(ROLLOUT_RING.c.name == name).values(paused_because=because)
        with writing(self._engine) as connection:
            return connection.execute(statement).rowcount == 1

    def delete_ring(self, name: str) -> bool:
        """Delete a ring and what was reported in it; return True if it existed."""
        with writing(self._engine) as connection:
            connection.execute(delete(UPDATE_REPORT).where(UPDATE_REPORT.c.ring == name))
            return connection.execute(delete(ROLLOUT_RING).where(ROLLOUT_RING.c.name == name)).rowcount == 1

    def add_report(self, report: UpdateReport) -> None:
        """Store a report; it replaces the agent's earlier one on the same version."""
        with writing(self._engine) as connection:
            connection.execute(upsert(connection, UPDATE_REPORT, _row(report)))

    def count_reports(self, ring: str, version: str) -> ReportCounts:
        """Count the agents that reported ``version`` in ``ring``."""
        reports = UPDATE_REPORT.c
        query = (
            select(reports.succeeded, func.count())
            .where(reports.ring == ring, reports.to_version == version)
            .group_by(reports.succeeded)
        )
        with reading(self._engine) as connection:
            counted = {bool(succeeded): count for succeeded, count in connection.execute(query)}
        return ReportCounts(succeeded=counted.get(True, 0), failed=counted.get(False, 0))

    def list_failures(self, ring: str, version: str, limit: int) -> Sequence[UpdateReport]:
        """Return failures reported for ``version`` in ``ring``, newest first, at most ``limit``."""
        reports = UPDATE_REPORT.c
        query = (
            select(UPDATE_REPORT)
            .where(reports.ring == ring, reports.to_version == version, reports.succeeded.is_(False))
            .order_by(reports.at.desc(), reports.agent_id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [_report(row) for row in connection.execute(query)]


def _row(value: RolloutRing | UpdateReport) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _report(row: Row[Any]) -> UpdateReport:
    return UpdateReport(**row._mapping)  # noqa: SLF001 - its public name


def _ring(row: Row[Any]) -> RolloutRing:
    return RolloutRing(**row._mapping)  # noqa: SLF001 - its public name
