import pytest

from openinspector.service.ports.preview_store import PreviewStore
from openinspector.testing.conformance.preview_store import PreviewStoreSuite
from openinspector.testing.memory_preview_store import MemoryPreviewStore


class TestMemoryPreviewStore(PreviewStoreSuite):
    @pytest.fixture
    def store(self) -> PreviewStore:
        return MemoryPreviewStore()
