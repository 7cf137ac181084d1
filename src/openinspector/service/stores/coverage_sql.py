"""Coverage in SQL: one row per host, numbers only."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Engine, Row, delete, select

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.service.ports.coverage_store import HostCoverage
from openinspector.service.stores.dialect import upsert
from openinspector.service.stores.engine import reading, reading_once, writing
from openinspector.service.stores.schema import PACKAGE_COVERAGE


class SqlCoverageStore:
    """Stores coverage by host."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, run: RunArn, hosts: Sequence[HostCoverage]) -> None:
        """Record hosts, all or nothing."""
        with writing(self._engine) as connection:
            for host in sorted(hosts, key=lambda one: one.agent_id):
                # Not asdict(): it rebuilds mappings by their type, and a Counter counts its own items.
                row = {field.name: getattr(host, field.name) for field in fields(host)}
                connection.execute(upsert(connection, PACKAGE_COVERAGE, {"run_arn": run, **row}))

    def hosts(self, run: RunArn, after: AgentId | None, limit: int) -> Sequence[HostCoverage]:
        """Return hosts of a run from the first after ``after``, by agent id."""
        query = select(PACKAGE_COVERAGE).where(PACKAGE_COVERAGE.c.run_arn == run)
        if after is not None:
            query = query.where(PACKAGE_COVERAGE.c.agent_id > after)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(PACKAGE_COVERAGE.c.agent_id).limit(limit)).all()
        return [_host(row) for row in rows]

    def host(self, run: RunArn, agent: AgentId) -> HostCoverage | None:
        """Return one host of a run, or None."""
        query = select(PACKAGE_COVERAGE).where(PACKAGE_COVERAGE.c.run_arn == run, PACKAGE_COVERAGE.c.agent_id == agent)
        with reading_once(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _host(row)

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has coverage, sorted."""
        with reading(self._engine) as connection:
            return [RunArn(run) for run in sorted(set(connection.scalars(select(PACKAGE_COVERAGE.c.run_arn))))]

    def delete_run(self, run: RunArn) -> None:
        """Delete a run's coverage."""
        with writing(self._engine) as connection:
            connection.execute(delete(PACKAGE_COVERAGE).where(PACKAGE_COVERAGE.c.run_arn == run))


def _host(row: Row[Any]) -> HostCoverage:
    return HostCoverage(
        agent_id=AgentId(row.agent_id),
        counts=row.counts,
        scored=row.scored,
        unscored=row.unscored,
        score_sources=row.score_sources,
        object_name=row.object_name,
    )
