import pytest
from sqlalchemy import Engine

from openinspector.service.ports.webhook_store import WebhookStore
from openinspector.service.stores.webhook_sql import SqlWebhookStore
from openinspector.testing.conformance.webhook_store import WebhookStoreSuite


class TestSqlWebhookStore(WebhookStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> WebhookStore:
        return SqlWebhookStore(engine)
