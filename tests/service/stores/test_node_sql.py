from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from openinspector.model.errors import StoreError
from openinspector.service.ports.node_store import NodeStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.node_locks_sql import SqlNodeLocks
from openinspector.service.stores.node_sql import SqlNodeStore, session_name
from openinspector.testing.conformance.node_store import NodeStoreSuite


class TestSqlNodeStore(NodeStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> NodeStore:
        return SqlNodeStore(engine)


def test_a_removed_node_loses_its_sessions_and_locks(migrated_postgresql: Engine, postgresql_url: str) -> None:
    """A node that was frozen past its lease holds nothing when it wakes up."""
    store = SqlNodeStore(migrated_postgresql)
    store.register("frozen", "https://one", "1.0.0", ("worker",), timedelta(0))
    frozen = open_engine(postgresql_url, session_name("frozen"))
    held = ExitStack()
    assert held.enter_context(SqlNodeLocks(frozen).hold("retention"))
    assert store.remove_expired() == ["frozen"]
    with SqlNodeLocks(migrated_postgresql).hold("retention") as taken:
        assert taken
    with pytest.raises(StoreError):
        held.close()
    with frozen.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    frozen.dispose()
