"""The simulator keeps the port's whole contract."""

import pytest

from openinspector.service.ports.access_key_store import AccessKeyStore
from openinspector.testing.conformance.access_key_store import AccessKeyStoreSuite
from openinspector.testing.memory_access_key_store import MemoryAccessKeyStore


class TestMemoryAccessKeyStore(AccessKeyStoreSuite):
    @pytest.fixture
    def store(self) -> AccessKeyStore:
        return MemoryAccessKeyStore()
