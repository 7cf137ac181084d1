import pytest

from openinspector.service.ports.webhook_store import WebhookStore
from openinspector.testing.conformance.webhook_store import WebhookStoreSuite
from openinspector.testing.memory_webhook_store import MemoryWebhookStore


class TestMemoryWebhookStore(WebhookStoreSuite):
    @pytest.fixture
    def store(self) -> WebhookStore:
        return MemoryWebhookStore()
