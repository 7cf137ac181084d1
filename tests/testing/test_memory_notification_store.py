import pytest

from openinspector.service.ports.notification_store import NotificationStore
from openinspector.testing.conformance.notification_store import NotificationStoreSuite
from openinspector.testing.memory_notification_store import MemoryNotificationStore


class TestMemoryNotificationStore(NotificationStoreSuite):
    @pytest.fixture
    def store(self) -> NotificationStore:
        return MemoryNotificationStore()
