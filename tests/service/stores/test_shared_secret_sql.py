import pytest
from sqlalchemy import Engine

from openinspector.service.ports.shared_secret_store import SharedSecretStore
from openinspector.service.stores.shared_secret_sql import SqlSharedSecretStore
from openinspector.testing.conformance.shared_secret_store import SharedSecretStoreSuite


class TestSqlSharedSecretStore(SharedSecretStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> SharedSecretStore:
        return SqlSharedSecretStore(engine)
