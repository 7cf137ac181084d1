"""The simulator keeps the port's whole contract."""

import pytest

from openinspector.service.ports.rollout_store import RolloutStore
from openinspector.testing.conformance.rollout_store import RolloutStoreSuite
from openinspector.testing.memory_rollout_store import MemoryRolloutStore


class TestMemoryRolloutStore(RolloutStoreSuite):
    @pytest.fixture
    def store(self) -> RolloutStore:
        return MemoryRolloutStore()
