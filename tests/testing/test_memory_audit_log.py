import pytest

from openinspector.testing.conformance.audit_log import AuditLogSuite, Days
from openinspector.testing.memory_audit_log import MemoryAuditLog


class TestMemoryAuditLog(AuditLogSuite):
    @pytest.fixture
    def log(self) -> MemoryAuditLog:
        return MemoryAuditLog()

    @pytest.fixture
    def days(self, log: MemoryAuditLog) -> Days:
        return lambda: {day.isoformat(): lines for day, lines in log.days.items()}
