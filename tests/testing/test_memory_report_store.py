import pytest

from openinspector.service.ports.report_store import ReportStore
from openinspector.testing.conformance.report_store import ReportStoreSuite
from openinspector.testing.memory_report_store import MemoryReportStore


class TestMemoryReportStore(ReportStoreSuite):
    @pytest.fixture
    def store(self) -> ReportStore:
        return MemoryReportStore()
