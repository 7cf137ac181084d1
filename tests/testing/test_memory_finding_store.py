"""The simulator keeps the port's whole contract."""

import pytest

from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.finding_store import FindingStore
from openinspector.testing.conformance.finding_store import FindingStoreSuite
from openinspector.testing.memory_assessment_store import MemoryAssessmentStore
from openinspector.testing.memory_finding_store import MemoryFindingStore


class TestMemoryFindingStore(FindingStoreSuite):
    @pytest.fixture
    def assessments(self) -> AssessmentStore:
        return MemoryAssessmentStore()

    @pytest.fixture
    def store(self, assessments: AssessmentStore) -> FindingStore:
        return MemoryFindingStore(assessments)
