"""obstore behind the port: a local folder, and memory in place of a cloud."""

from pathlib import Path

import pytest

from openinspector.model.errors import StoreError
from openinspector.service.ports.object_store import ObjectStore
from openinspector.service.stores.object_store_obstore import ObstoreObjectStore
from openinspector.testing.conformance.object_store import ObjectStoreSuite


class TestFolder(ObjectStoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return ObstoreObjectStore.from_url((tmp_path / "objects").as_uri())


class TestMemory(ObjectStoreSuite):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return ObstoreObjectStore.from_url("memory:///")


def test_the_folder_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "a folder" / "objects"
    folder.mkdir(parents=True, mode=0o755)
    ObstoreObjectStore.from_url(folder.as_uri()).put("x", b"1")
    assert folder.stat().st_mode & 0o7777 == 0o700
    assert [found.name for found in folder.iterdir()] == ["x"]


def test_folders_that_empty_are_removed(tmp_path: Path) -> None:
    store = ObstoreObjectStore.from_url(tmp_path.as_uri())
    store.put("telemetry/run/agent/1", b"1")
    store.delete("telemetry/run/agent/1")
    assert not list(tmp_path.iterdir())
    store.put("telemetry/run/agent/1", b"2")
    assert store.get("telemetry/run/agent/1") == b"2"


def test_a_full_or_broken_folder_is_a_store_error(tmp_path: Path) -> None:
    store = ObstoreObjectStore.from_url(tmp_path.as_uri())
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be stored"):
        store.put("file/below-a-file", b"1")


@pytest.mark.parametrize("url", ["", "nonsense", "file://host/share", "ftp://host/x", "file:///dev/null/x"])
def test_invalid_url_has_advice(url: str) -> None:
    with pytest.raises(StoreError) as refused:
        ObstoreObjectStore.from_url(url)
    assert refused.value.advice


def test_secrets_in_a_url_are_not_repeated() -> None:
    with pytest.raises(StoreError) as refused:
        ObstoreObjectStore.from_url("ftp://user:hunter2@host/path?token=hunter3")
    assert "hunter" not in str(refused.value)
