"""Contract tests for every object store. Subclass, and override the fixture ``store``."""

import threading

import pytest

from openinspector.model.errors import StoreError
from openinspector.service.ports.object_store import ObjectMissingError, ObjectStore

_ASTRAY = (
    *("", "/", "/etc/passwd", "../up", "a/../../b", "a//b", "a/", ".", "..", ".hidden", "a\\b", "a b", "a\x00b"),
    *("a\nb", "a%2e%2e", "ü", "a" * 600, "name#1"),
)


class ObjectStoreSuite:
    """The suite. Override the fixture ``store`` with an empty store."""

    @pytest.fixture
    def store(self) -> ObjectStore:
        """Return the adapter to try."""
        raise NotImplementedError

    @pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 64, bytes(6 * 1024 * 1024)])
    def test_object_round_trip(self, store: ObjectStore, content: bytes) -> None:
        store.put("telemetry/run/1", content)
        assert store.get("telemetry/run/1") == content

    def test_a_second_put_replaces(self, store: ObjectStore) -> None:
        store.put("name", b"a long first content")
        store.put("name", b"short")
        assert store.get("name") == b"short"

    def test_absent_object_is_missing(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectMissingError):
            store.get("a/b/c")

    def test_deleting_deletes_and_may_be_repeated(self, store: ObjectStore) -> None:
        store.put("a/1", b"1")
        store.put("a/2", b"2")
        store.delete("a/1")
        store.delete("a/1")
        with pytest.raises(ObjectMissingError):
            store.get("a/1")
        assert store.get("a/2") == b"2"

    def test_names_are_those_below_the_folder(self, store: ObjectStore) -> None:
        """A prefix is a folder: ``run/1`` does not list ``run/10``."""
        for name in ("run/1/a", "run/1/deep/b", "run/10/c", "other"):
            store.put(name, b"")
        assert sorted(store.names("run/1")) == ["run/1/a", "run/1/deep/b"]
        assert sorted(store.names("run/1/")) == ["run/1/a", "run/1/deep/b"]
        assert sorted(store.names("")) == ["other", "run/1/a", "run/1/deep/b", "run/10/c"]
        assert list(store.names("nothing")) == []

    def test_many_names_are_all_listed(self, store: ObjectStore) -> None:
        names = [f"many/{number:04}" for number in range(230)]
        for name in names:
            store.put(name, b"")
        assert sorted(store.names("many")) == names

    def test_objects_may_be_deleted_while_they_are_listed(self, store: ObjectStore) -> None:
        for number in range(120):
            store.put(f"run/{number}", b"")
        for name in store.names("run"):
            store.delete(name)
        assert list(store.names("run")) == []

    @pytest.mark.parametrize("name", _ASTRAY)
    def test_unsafe_names_are_refused(self, store: ObjectStore, name: str) -> None:
        with pytest.raises(StoreError):
            store.put(name, b"")
        with pytest.raises(StoreError):
            store.get(name)
        with pytest.raises(StoreError):
            store.delete(name)

    def test_a_reader_never_sees_half_an_object(self, store: ObjectStore) -> None:
        contents = (b"a" * 200_000, b"b" * 300_000)
        store.put("name", contents[0])
        seen: list[bytes] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                seen.append(store.get("name"))

        reader = threading.Thread(target=read)
        reader.start()
        for number in range(40):
            store.put("name", contents[number % 2])
        done.set()
        reader.join()
        assert set(seen) <= set(contents)
        assert seen
