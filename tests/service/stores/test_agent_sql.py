import pytest
from sqlalchemy import Engine

from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.stores.agent_sql import SqlAgentStore
from openinspector.testing.conformance.agent_store import AgentStoreSuite


class TestSqlAgentStore(AgentStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> AgentStore:
        return SqlAgentStore(engine)
