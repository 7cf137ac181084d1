import pytest

from openinspector.service.ports.role_store import RoleStore
from openinspector.testing.conformance.role_store import RoleStoreSuite
from openinspector.testing.memory_role_store import MemoryRoleStore


class TestMemoryRoleStore(RoleStoreSuite):
    @pytest.fixture
    def store(self) -> RoleStore:
        return MemoryRoleStore()
