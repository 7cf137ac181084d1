import pytest
from tests.howto.audit_log_memory import MemoryAuditLog

from openinspector.service.ports.audit_log import AuditLog
from openinspector.testing.conformance.audit_log import AuditLogSuite, Days


class TestMemoryAuditLog(AuditLogSuite):
    @pytest.fixture
    def log(self) -> AuditLog:
        return MemoryAuditLog()

    @pytest.fixture
    def days(self, log: AuditLog) -> Days:
        assert isinstance(log, MemoryAuditLog)
        return lambda: log.days
