import pytest
from sqlalchemy import Engine

from openinspector.service.ports.schedule_store import ScheduleStore
from openinspector.service.stores.schedule_sql import SqlScheduleStore
from openinspector.testing.conformance.schedule_store import ScheduleStoreSuite


class TestSqlScheduleStore(ScheduleStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> ScheduleStore:
        return SqlScheduleStore(engine)
