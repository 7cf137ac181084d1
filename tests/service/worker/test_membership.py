from datetime import timedelta
from pathlib import Path

import pytest

from openinspector.service.ports.node_store import NodeStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.node_sql import SqlNodeStore
from openinspector.service.worker.membership import Membership, NodeError
from openinspector.testing.memory_node_locks import MemoryNodeLocks
from openinspector.testing.recorded_workflows import RecordedWorkflows


class World:
    """One database, nodes that join it, and a clock that all of them read."""

    def __init__(self, nodes: NodeStore) -> None:
        self.nodes = nodes
        self.held: set[str] = set()
        self.ended: list[str] = []
        self.now = 0.0

    def node(self, name: str) -> tuple[Membership, RecordedWorkflows]:
        workflows = RecordedWorkflows()
        membership = Membership(
            node_id=name,
            nodes=self.nodes,
            locks=MemoryNodeLocks(self.held),
            workflows=workflows,
            roles=("api", "worker"),
            end=lambda: self.ended.append(name),
            monotonic=lambda: self.now,
        )
        return membership, workflows

    def expire(self, name: str) -> None:
        self.nodes.renew(name, timedelta(seconds=-1))

    def ids(self) -> list[str]:
        return [node.id for node in self.nodes.nodes()]


@pytest.fixture
def world(tmp_path: Path) -> World:
    engine = open_engine(f"sqlite:///{tmp_path / 'own.db'}")
    migrate(engine)
    return World(SqlNodeStore(engine))


def test_work_of_a_node_that_is_gone_is_taken_over(world: World) -> None:
    (one, _), (two, workflows) = world.node("one"), world.node("two")
    one.join("https://one", "1", alone=False)
    two.join("https://two", "1", alone=False)
    two.turn()
    assert workflows.live == {"one", "two"}
    world.expire("one")
    two.turn()
    assert workflows.live == {"two"}
    assert world.ids() == ["two"]


def test_a_node_that_was_removed_ends(world: World) -> None:
    (one, workflows), (two, _) = world.node("one"), world.node("two")
    one.join("https://one", "1", alone=False)
    two.join("https://two", "1", alone=False)
    world.expire("one")
    two.turn()
    one.turn()
    assert world.ended == ["one"]
    assert workflows.live == frozenset()


def test_one_node_at_a_time_takes_over(world: World) -> None:
    one, workflows = world.node("one")
    one.join("https://one", "1", alone=False)
    world.held.add("takeover")
    one.turn()
    assert workflows.live == frozenset()


def test_the_only_node_of_a_database_does_not_wait_for_leases(world: World) -> None:
    world.nodes.register("killed", "https://one", "1", ("worker",), timedelta(hours=1))
    one, _ = world.node("one")
    one.join("https://one", "1", alone=True)
    assert world.ids() == ["one"]


def test_a_node_that_leaves_is_taken_over_at_once(world: World) -> None:
    one, _ = world.node("one")
    one.join("https://one", "1", alone=False)
    one.leave()
    assert world.ids() == []


def test_a_lease_that_is_not_renewed_is_in_doubt(world: World) -> None:
    one, _ = world.node("one")
    one.join("https://one", "1", alone=False)
    world.now = 14
    one.check()
    world.now = 16
    with pytest.raises(NodeError, match="was not renewed for 15 seconds"):
        one.check()
    one.turn()
    one.check()


def test_a_node_that_is_alone_takes_over_once(world: World) -> None:
    one, workflows = world.node("one")
    one.join("https://one", "1", alone=True)
    one.turn()
    assert workflows.live == {"one"}
    workflows.live = frozenset()
    one.turn()
    assert workflows.live == frozenset()
