import pytest
from sqlalchemy import Engine

from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.stores.finding_sql import SqlFindingStore
from openinspector.testing.conformance.finding_store import FindingStoreSuite


class TestSqlFindingStore(FindingStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> FindingStore:
        return SqlFindingStore(engine)
