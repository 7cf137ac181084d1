import pytest
from sqlalchemy import Engine

from openinspector.service.ports.preview_store import PreviewStore
from openinspector.service.stores.preview_sql import SqlPreviewStore
from openinspector.testing.conformance.preview_store import PreviewStoreSuite


class TestSqlPreviewStore(PreviewStoreSuite):
    @pytest.fixture
    def store(self, engine: Engine) -> PreviewStore:
        return SqlPreviewStore(engine)
