import pytest

from openinspector.service.ports.schedule_store import ScheduleStore
from openinspector.testing.conformance.schedule_store import ScheduleStoreSuite
from openinspector.testing.memory_schedule_store import MemoryScheduleStore


class TestMemoryScheduleStore(ScheduleStoreSuite):
    @pytest.fixture
    def store(self) -> ScheduleStore:
        return MemoryScheduleStore()
