import pytest
from sqlalchemy import Engine

from openinspector.service.ports.role_store import RoleStore
from openinspector.service.stores.role_sql import SqlRoleStore
from openinspector.testing.conformance.role_store import RoleStoreSuite


class TestSqlRoleStore(RoleStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> RoleStore:
        return SqlRoleStore(engine)
