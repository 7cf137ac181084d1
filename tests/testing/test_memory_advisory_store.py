import pytest

from openinspector.testing.conformance.advisory_store import AdvisoryStoreSuite
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore


class TestMemoryAdvisoryStore(AdvisoryStoreSuite):
    @pytest.fixture
    def store(self) -> MemoryAdvisoryStore:
        return MemoryAdvisoryStore()
