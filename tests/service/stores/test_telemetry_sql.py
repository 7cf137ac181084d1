from pathlib import Path

import pytest
from sqlalchemy import Engine

from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.telemetry_sql import SqlTelemetryStore
from openinspector.testing.conformance.telemetry_store import RUN, TelemetryStoreSuite, run_key
from openinspector.testing.model_builders import moment


class TestSqlTelemetryStore(TelemetryStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> TelemetryStore:
        return SqlTelemetryStore(engine)


def test_deleted_key_leaves_no_byte_in_the_file(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/x.db")
    migrate(engine)
    store = SqlTelemetryStore(engine)
    secret = b"wrapped key " * 8
    store.add_run_key(run_key(wrapped=secret))
    assert any(secret in file.read_bytes() for file in tmp_path.iterdir())
    store.delete_run_key(RUN, moment(9))
    assert not any(secret in file.read_bytes() for file in tmp_path.iterdir())
