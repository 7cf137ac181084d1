from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from openinspector.service.ports.node_locks import NodeLocks
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.node_locks_sql import SqlNodeLocks
from openinspector.testing.conformance.node_locks import NodeLocksSuite


class TestSqlNodeLocksOnPostgresql(NodeLocksSuite):
    @pytest.fixture
    def one(self, migrated_postgresql: Engine) -> NodeLocks:
        return SqlNodeLocks(migrated_postgresql)

    @pytest.fixture
    def other(self, postgresql_url: str) -> Iterator[NodeLocks]:
        engine = open_engine(postgresql_url)
        yield SqlNodeLocks(engine)
        engine.dispose()


class TestSqlNodeLocksOnSqlite(NodeLocksSuite):
    """One node: the locks of two are the same ones."""

    @pytest.fixture
    def one(self, tmp_path: Path) -> NodeLocks:
        return SqlNodeLocks(open_engine(f"sqlite:///{tmp_path / 'own.db'}"))

    @pytest.fixture
    def other(self, one: NodeLocks) -> NodeLocks:
        return one
