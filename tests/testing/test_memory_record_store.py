from dataclasses import replace

import pytest

from openinspector.model.arn import WebhookArn
from openinspector.model.notification import Webhook
from openinspector.service.ports.record_store import WebhookStore
from openinspector.testing.conformance.record_store import ListedRecordStoreSuite
from openinspector.testing.memory_record_store import MemoryRecordStore
from openinspector.testing.record_builders import webhook


class TestMemoryRecordStore(ListedRecordStoreSuite[WebhookArn, Webhook]):
    @pytest.fixture
    def store(self) -> WebhookStore:
        return MemoryRecordStore[WebhookArn, Webhook](lambda held: held.url)

    def make(self, number: int = 1, template: int = 1, target: int = 1) -> Webhook:
        return webhook(number, template, target)

    def key(self, record: Webhook) -> WebhookArn:
        return record.arn

    def changed(self, record: Webhook) -> Webhook:
        return replace(record, url="https://receiver.example/changed")
