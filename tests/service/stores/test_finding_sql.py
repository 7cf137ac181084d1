import pytest
from sqlalchemy import Engine

from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.finding_sql import SqlFindingStore
from openinspector.testing.conformance.finding_store import FindingStoreSuite


class TestSqlFindingStore(FindingStoreSuite):
    @pytest.fixture
    def assessments(self, engine: Engine) -> AssessmentStore:
        return SqlAssessmentStore(engine)

    @pytest.fixture
    def store(self, engine: Engine) -> FindingStore:
        return SqlFindingStore(engine)
