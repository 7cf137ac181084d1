import pytest

from openinspector.testing.conformance.identity_store import IdentityStoreSuite, Stores
from openinspector.testing.memory_agent_store import MemoryAgentStore
from openinspector.testing.memory_identity_store import MemoryIdentityStore


class TestMemoryIdentityStore(IdentityStoreSuite):
    @pytest.fixture
    def stores(self) -> Stores:
        agents = MemoryAgentStore()
        return agents, MemoryIdentityStore(agents)
