import pytest
from sqlalchemy import Engine

from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.summary_store import SummaryStore
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.summary_sql import SqlSummaryStore
from openinspector.testing.conformance.summary_store import SummaryStoreSuite


class TestSqlSummaryStore(SummaryStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> SummaryStore:
        return SqlSummaryStore(engine)

    @pytest.fixture
    def assessments(self, engine: Engine) -> AssessmentStore:
        return SqlAssessmentStore(engine)
