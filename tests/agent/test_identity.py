import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from openinspector.agent.identity import HostKey, Identity, IdentityError, load_or_make_key
from openinspector.plugins import discover
from openinspector.wire.signature import key_id


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = load_or_make_key(state)
    assert load_or_make_key(state).public_key == first.public_key
    assert (state / "host.key").stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700
    assert first.id == key_id(first.public_key)


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=300))
def test_keys_and_signatures_are_those_of_another_implementation(seed: bytes, message: bytes) -> None:
    """RFC 8032 leaves no choice: libsodium, which signs, and OpenSSL, which verifies, agree to the last bit."""
    ours, theirs = HostKey(SigningKey(seed)), Ed25519PrivateKey.from_private_bytes(seed)
    assert ours.public_key == theirs.public_key().public_bytes_raw()
    assert ours.sign(message) == theirs.sign(message)


def test_key_readable_by_others_is_refused(tmp_path: Path) -> None:
    load_or_make_key(tmp_path)
    (tmp_path / "host.key").chmod(0o640)
    with pytest.raises(IdentityError, match="others may read") as refused:
        load_or_make_key(tmp_path)
    assert "enrol the host again" in refused.value.advice


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, b"x" * 100_000])
def test_invalid_key_file_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "host.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(IdentityError, match="does not hold 32 bytes"):
        load_or_make_key(tmp_path)
    assert path.read_bytes() == content


def test_special_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "host.key")
    with pytest.raises(IdentityError):
        load_or_make_key(tmp_path)
    (tmp_path / "host.key").unlink()
    (tmp_path / "host.key").symlink_to("/etc/hostname")
    with pytest.raises(IdentityError, match="cannot be read"):
        load_or_make_key(tmp_path)


def test_a_partial_key_of_a_crash_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "host.key.partial").write_bytes(b"half")
    assert len(load_or_make_key(tmp_path).public_key) == 32


def test_identities_are_plugins() -> None:
    assert "join_token" in discover("openinspector.agent.identities", "IDENTITY", Identity)
