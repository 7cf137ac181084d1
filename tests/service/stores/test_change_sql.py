from collections.abc import Callable
from threading import Thread

import pytest
from sqlalchemy import Engine, text

from openinspector.model.agent import AgentId
from openinspector.model.errors import StoreError
from openinspector.service.ports.change_store import ChangeKind, ChangeStore
from openinspector.service.stores.agent_sql import SqlAgentStore
from openinspector.service.stores.change_sql import SqlChangeStore, record_change
from openinspector.service.stores.engine import writing
from openinspector.testing import model_builders as builders
from openinspector.testing.conformance.change_store import AGENTS, ChangeStoreSuite


class TestSqlChangeStore(ChangeStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> ChangeStore:
        return SqlChangeStore(engine)

    @pytest.fixture
    def revoke(self, engine: Engine) -> Callable[[AgentId], None]:
        def do(agent: AgentId) -> None:
            with writing(engine) as connection:
                record_change(connection, ChangeKind.AGENT_KEY, agent)

        return do


def test_a_reader_never_passes_over_a_change_that_commits_late(migrated_postgresql: Engine) -> None:
    """The second writer gets its number only after the first has committed."""
    store = SqlChangeStore(migrated_postgresql)
    before = store.last()
    with writing(migrated_postgresql) as first:
        record_change(first, ChangeKind.AGENT_KEY, AGENTS[0])
        second = Thread(target=_record, args=(migrated_postgresql, AGENTS[1]))
        second.start()
        second.join(0.3)
        assert second.is_alive()
        assert store.since(before) == []
    second.join()
    assert [change.subject for change in store.since(before)] == list(AGENTS[:2])


def test_a_listener_that_lost_its_connection_listens_again(migrated_postgresql: Engine) -> None:
    store = SqlChangeStore(migrated_postgresql)
    assert store.wait(0)
    assert not store.wait(0)
    with migrated_postgresql.connect() as other:
        other.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> :own"),
            {"own": other.execute(text("SELECT pg_backend_pid()")).scalar_one()},
        )
    with pytest.raises(StoreError, match="does not notify"):
        store.wait(1)
    assert store.wait(0)
    _record(migrated_postgresql, AGENTS[0])
    assert store.wait(5)


def test_a_revoked_agent_is_a_change_only_if_it_existed(engine: Engine) -> None:
    store = SqlChangeStore(engine)
    before = store.last()
    assert not SqlAgentStore(engine).revoke(AGENTS[0], builders.moment(1))
    assert store.last() == before


def _record(engine: Engine, agent: AgentId) -> None:
    with writing(engine) as connection:
        record_change(connection, ChangeKind.AGENT_KEY, agent)
