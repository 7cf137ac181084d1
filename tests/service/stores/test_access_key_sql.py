import pytest
from sqlalchemy import Engine

from openinspector.service.ports.access_key_store import AccessKeyStore
from openinspector.service.stores.access_key_sql import SqlAccessKeyStore
from openinspector.testing.conformance.access_key_store import AccessKeyStoreSuite


class TestSqlAccessKeyStore(AccessKeyStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> AccessKeyStore:
        return SqlAccessKeyStore(engine)
