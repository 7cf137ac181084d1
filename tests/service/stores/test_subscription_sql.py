import pytest
from sqlalchemy import Engine

from openinspector.service.ports.subscription_store import SubscriptionStore
from openinspector.service.stores.subscription_sql import SqlSubscriptionStore
from openinspector.testing.conformance.subscription_store import SubscriptionStoreSuite


class TestSqlSubscriptionStore(SubscriptionStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> SubscriptionStore:
        return SqlSubscriptionStore(engine)
