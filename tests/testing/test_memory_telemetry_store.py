"""The simulator keeps the port's whole contract."""

import pytest

from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.testing.conformance.telemetry_store import TelemetryStoreSuite
from openinspector.testing.memory_telemetry_store import MemoryTelemetryStore


class TestMemoryTelemetryStore(TelemetryStoreSuite):
    @pytest.fixture
    def store(self) -> TelemetryStore:
        return MemoryTelemetryStore()
