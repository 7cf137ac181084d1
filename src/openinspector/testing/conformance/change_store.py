"""Contract tests for every list of changes. Subclass, and provide the fixtures ``store`` and ``revoke``."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from openinspector.model.agent import AgentId
from openinspector.service.ports.change_store import ChangeKind, ChangeStore

AGENTS = tuple(AgentId(f"host-0123456789abcdef{n}") for n in range(3))


class ChangeStoreSuite:
    """The contract of `ChangeStore`. ``revoke`` makes a change whose subject is an agent."""

    def test_changes_are_numbered_in_order(self, store: ChangeStore, revoke: Callable[[AgentId], None]) -> None:
        assert (store.last(), store.since(0)) == (0, [])
        for agent in AGENTS:
            revoke(agent)
        found = store.since(0)
        assert [(change.kind, change.subject) for change in found] == [(ChangeKind.AGENT_KEY, one) for one in AGENTS]
        assert [change.seq for change in found] == sorted({change.seq for change in found})
        assert store.last() == found[-1].seq
        assert store.since(found[1].seq) == found[2:]

    def test_a_change_is_noticed(self, store: ChangeStore, revoke: Callable[[AgentId], None]) -> None:
        store.wait(0.01)
        revoke(AGENTS[0])
        assert store.wait(5)

    def test_old_changes_are_forgotten_and_numbers_do_not_return(
        self, store: ChangeStore, revoke: Callable[[AgentId], None]
    ) -> None:
        revoke(AGENTS[0])
        last = store.last()
        store.forget_before(datetime.now(tz=UTC) - timedelta(hours=1))
        assert len(store.since(0)) == 1
        store.forget_before(datetime.now(tz=UTC) + timedelta(hours=1))
        assert store.since(0) == []
        revoke(AGENTS[1])
        assert store.last() > last
