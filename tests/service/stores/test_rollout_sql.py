import pytest
from sqlalchemy import Engine

from openinspector.service.ports.rollout_store import RolloutStore
from openinspector.service.stores.rollout_sql import SqlRolloutStore
from openinspector.testing.conformance.rollout_store import RolloutStoreSuite


class TestSqlRolloutStore(RolloutStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> RolloutStore:
        return SqlRolloutStore(engine)
