import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.model.errors import StoreError
from openinspector.service.app.sealed_secret import SealedSecretError, SecretBox
from openinspector.service.ports.wrapped_key_store import WrappedKind
from openinspector.service.stores.key_provider_file import FileKeyProvider

TEXTS = st.text(st.characters(codec="utf-8"))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> FileKeyProvider:
    return FileKeyProvider(Path(tmp_path_factory.mktemp("keys")) / "keys.json")


@given(
    secret=TEXTS,
    owner=TEXTS,
)
def test_only_the_owner_opens_a_sealed_secret(keys: FileKeyProvider, secret: str, owner: str) -> None:
    box = SecretBox(WrappedKind.WEBHOOK, keys, os.urandom)
    kept = box.seal(owner, secret)
    assert box.open(owner, kept) == secret
    for other in (SecretBox(WrappedKind.ACCESS_KEY, keys, os.urandom), box):
        with pytest.raises(StoreError):
            other.open(owner if other is not box else f"{owner}x", kept)


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_changed_or_truncated_secret_does_not_open(keys: FileKeyProvider, place: int, bit: int) -> None:
    box = SecretBox(WrappedKind.WEBHOOK, keys, os.urandom)
    kept = bytearray(box.seal("owner", "the secret"))
    at = place % len(kept)
    with pytest.raises(StoreError):
        box.open("owner", bytes(kept[:at]))
    kept[at] ^= 1 << bit
    with pytest.raises(StoreError):
        box.open("owner", bytes(kept))


def test_empty_secret_is_refused(keys: FileKeyProvider) -> None:
    with pytest.raises(SealedSecretError):
        SecretBox(WrappedKind.WEBHOOK, keys, os.urandom).open("owner", b"")
