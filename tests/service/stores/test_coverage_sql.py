import pytest
from sqlalchemy import Engine

from openinspector.service.ports.coverage_store import CoverageStore
from openinspector.service.stores.coverage_sql import SqlCoverageStore
from openinspector.testing.conformance.coverage_store import CoverageStoreSuite


class TestSqlCoverageStore(CoverageStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> CoverageStore:
        return SqlCoverageStore(engine)
