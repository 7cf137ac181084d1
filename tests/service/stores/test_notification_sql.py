import pytest
from sqlalchemy import Engine

from openinspector.service.ports.notification_store import NotificationStore
from openinspector.service.stores.notification_sql import SqlNotificationStore
from openinspector.testing.conformance.notification_store import NotificationStoreSuite


class TestSqlNotificationStore(NotificationStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> NotificationStore:
        return SqlNotificationStore(engine)
