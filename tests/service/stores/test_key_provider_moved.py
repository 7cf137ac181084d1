from pathlib import Path

import pytest

from openinspector.service.ports.key_provider import KeyProvider, KeyProviderError
from openinspector.service.stores.key_provider_file import MAGIC, FileKeyProvider
from openinspector.service.stores.key_provider_moved import MovedKeyProvider
from openinspector.testing.conformance.key_provider import KeyProviderSuite


class TestMovedKeyProvider(KeyProviderSuite):
    @pytest.fixture
    def provider(self, tmp_path: Path) -> KeyProvider:
        current, previous = FileKeyProvider(tmp_path / "current.json"), FileKeyProvider(tmp_path / "previous.json")
        return MovedKeyProvider(current, previous, b"none begins so")


def test_older_keys_are_opened_by_the_previous_provider(tmp_path: Path) -> None:
    current, previous = FileKeyProvider(tmp_path / "current.json"), FileKeyProvider(tmp_path / "previous.json")
    older = previous.generate({"run": "a"})
    assert MovedKeyProvider(current, previous, MAGIC).unwrap(older.wrapped, {"run": "a"}) == older.plaintext
    with pytest.raises(KeyProviderError):
        MovedKeyProvider(current, previous, b"other").unwrap(older.wrapped, {"run": "a"})


def test_older_keys_move_to_the_current_provider(tmp_path: Path) -> None:
    current, previous = FileKeyProvider(tmp_path / "current.json"), FileKeyProvider(tmp_path / "previous.json")
    older = previous.generate({"run": "a"})
    moved = MovedKeyProvider(current, previous, MAGIC).rewrap(older.wrapped, {"run": "a"})
    assert moved is not None
    assert current.unwrap(moved, {"run": "a"}) == older.plaintext
