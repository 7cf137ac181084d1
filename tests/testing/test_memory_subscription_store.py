import pytest

from openinspector.service.ports.subscription_store import SubscriptionStore
from openinspector.testing.conformance.subscription_store import SubscriptionStoreSuite
from openinspector.testing.memory_subscription_store import MemorySubscriptionStore


class TestMemorySubscriptionStore(SubscriptionStoreSuite):
    @pytest.fixture
    def store(self) -> SubscriptionStore:
        return MemorySubscriptionStore()
