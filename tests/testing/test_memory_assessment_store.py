"""The simulator keeps the port's whole contract."""

import pytest

from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.testing.conformance.assessment_store import AssessmentStoreSuite
from openinspector.testing.memory_assessment_store import MemoryAssessmentStore


class TestMemoryAssessmentStore(AssessmentStoreSuite):
    @pytest.fixture
    def store(self) -> AssessmentStore:
        return MemoryAssessmentStore()
