"""The simulator keeps the port's whole contract."""

import pytest

from openinspector.service.ports.agent_store import AgentStore
from openinspector.testing.conformance.agent_store import AgentStoreSuite
from openinspector.testing.memory_agent_store import MemoryAgentStore


class TestMemoryAgentStore(AgentStoreSuite):
    @pytest.fixture
    def store(self) -> AgentStore:
        return MemoryAgentStore()
