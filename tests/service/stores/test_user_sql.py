import pytest
from sqlalchemy import Engine

from openinspector.service.ports.user_store import UserStore
from openinspector.service.stores.user_sql import SqlUserStore
from openinspector.testing.conformance.user_store import UserStoreSuite


class TestSqlUserStore(UserStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> UserStore:
        return SqlUserStore(engine)
