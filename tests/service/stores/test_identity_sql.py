import pytest
from sqlalchemy import Engine

from openinspector.service.stores.agent_sql import SqlAgentStore
from openinspector.service.stores.identity_sql import SqlIdentityStore
from openinspector.testing.conformance.identity_store import IdentityStoreSuite, Stores


class TestSqlIdentityStore(IdentityStoreSuite):
    @pytest.fixture
    def stores(self, engine: Engine) -> Stores:
        return SqlAgentStore(engine), SqlIdentityStore(engine)
