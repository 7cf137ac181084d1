import pytest

from openinspector.service.ports.coverage_store import CoverageStore
from openinspector.testing.conformance.coverage_store import CoverageStoreSuite
from openinspector.testing.memory_coverage_store import MemoryCoverageStore


class TestMemoryCoverageStore(CoverageStoreSuite):
    @pytest.fixture
    def store(self) -> CoverageStore:
        return MemoryCoverageStore()
