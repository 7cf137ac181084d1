import pytest
from sqlalchemy import Engine

from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.testing.conformance.assessment_runs import RunSuite


class TestSqlRuns(RunSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> AssessmentStore:
        return SqlAssessmentStore(engine)
