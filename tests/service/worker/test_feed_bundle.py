from pathlib import Path

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openinspector.model.errors import FeedError
from openinspector.service.worker.feed_bundle import MAGIC, read_bundle, write_bundle
from openinspector.testing.conformance.advisory_store import advisory, fix, snapshot
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def filled() -> MemoryAdvisoryStore:
    store = MemoryAdvisoryStore()
    store.replace(snapshot("debian"), [advisory(1, fix())], ())
    store.replace(snapshot("alpine"), [advisory(2, fix("alpine:3.19"), feed="alpine")], ())
    return store


def test_export_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "feeds.bundle"
    assert write_bundle(filled(), path, KEY) == ["alpine", "debian"]
    store = MemoryAdvisoryStore()
    assert read_bundle(store, path, KEY.public_key()) == ["alpine", "debian"]
    assert store.streams() == ["alpine:3.19", "debian:12"]
    assert [one.id for one in store.advisories(["debian:12"])] == ["DSA-1"]


def test_selected_feeds(tmp_path: Path) -> None:
    assert write_bundle(filled(), tmp_path / "x", KEY, ["debian"]) == ["debian"]
    with pytest.raises(FeedError, match="nothing is stored of rocky"):
        write_bundle(filled(), tmp_path / "y", KEY, ["debian", "rocky"])
    with pytest.raises(FeedError, match="nothing is stored of any feed"):
        write_bundle(MemoryAdvisoryStore(), tmp_path / "y", KEY)
    assert not (tmp_path / "y").exists()


def test_a_file_by_another_key_changes_nothing(tmp_path: Path) -> None:
    path, store = tmp_path / "x", MemoryAdvisoryStore()
    write_bundle(filled(), path, Ed25519PrivateKey.generate())
    with pytest.raises(FeedError, match="not by this key"):
        read_bundle(store, path, KEY.public_key())
    assert store.snapshots() == ()


@pytest.mark.parametrize("place", [0, 20, 80])
def test_any_changed_byte_is_detected(tmp_path: Path, place: int) -> None:
    path = tmp_path / "x"
    write_bundle(filled(), path, KEY)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(FeedError):
        read_bundle(MemoryAdvisoryStore(), path, KEY.public_key())


@pytest.mark.parametrize(
    "packed", [b"", b"x", zstandard.compress(b"x"), zstandard.compress(msgspec.msgpack.encode({}))]
)
def test_a_signed_file_of_another_shape_is_an_error(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(MAGIC + KEY.sign(packed) + packed)
    with pytest.raises(FeedError, match="damaged or of another version"):
        read_bundle(MemoryAdvisoryStore(), path, KEY.public_key())
