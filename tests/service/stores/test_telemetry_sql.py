import pytest
from sqlalchemy import Engine

from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.stores.telemetry_sql import SqlTelemetryStore
from openinspector.testing.conformance.telemetry_store import TelemetryStoreSuite


class TestSqlTelemetryStore(TelemetryStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> TelemetryStore:
        return SqlTelemetryStore(engine)
