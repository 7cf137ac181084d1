import pytest
from sqlalchemy import Engine

from openinspector.service.ports.report_store import ReportStore
from openinspector.service.stores.report_sql import SqlReportStore
from openinspector.testing.conformance.report_store import ReportStoreSuite


class TestSqlReportStore(ReportStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> ReportStore:
        return SqlReportStore(engine)
