import pytest
from sqlalchemy import Engine

from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.service.stores.advisory_sql import SqlAdvisoryStore
from openinspector.testing.conformance.advisory_store import AdvisoryStoreSuite


class TestSqlAdvisoryStore(AdvisoryStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> AdvisoryStore:
        return SqlAdvisoryStore(engine)
