import pytest

from openinspector.service.ports.node_locks import NodeLocks
from openinspector.testing.conformance.node_locks import NodeLocksSuite
from openinspector.testing.memory_node_locks import MemoryNodeLocks


class TestMemoryNodeLocks(NodeLocksSuite):
    @pytest.fixture
    def held(self) -> set[str]:
        return set()

    @pytest.fixture
    def one(self, held: set[str]) -> NodeLocks:
        return MemoryNodeLocks(held)

    @pytest.fixture
    def other(self, held: set[str]) -> NodeLocks:
        return MemoryNodeLocks(held)
