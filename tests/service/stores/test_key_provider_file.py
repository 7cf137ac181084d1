"""The key file: who may read it, what happens to a bad one, rotation."""

import os
import threading
from pathlib import Path

import pytest

from openinspector.service.ports.key_provider import KeyProvider, KeyProviderError
from openinspector.service.stores.key_provider_file import FileKeyProvider
from openinspector.testing.conformance.key_provider import KeyProviderSuite

CONTEXT = {"account": "123456789012", "run": "r"}


class TestFileKeyProvider(KeyProviderSuite):
    @pytest.fixture
    def provider(self, tmp_path: Path) -> KeyProvider:
        return FileKeyProvider(tmp_path / "keys" / "master.json")


def test_the_file_is_private_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.json"
    key = FileKeyProvider(path).generate(CONTEXT)
    assert path.stat().st_mode & 0o7777 == 0o600
    assert path.parent.stat().st_mode & 0o7777 == 0o700
    assert [found.name for found in path.parent.iterdir()] == ["master.json"]
    assert FileKeyProvider(path).unwrap(key.wrapped, CONTEXT) == key.plaintext


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.json"
    FileKeyProvider(path)
    path.chmod(mode)
    with pytest.raises(KeyProviderError, match="by others") as refused:
        FileKeyProvider(path)
    assert refused.value.advice == f"chmod 600 {path}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.json"
    FileKeyProvider(path)
    os.chown(path, 65534, 65534)
    with pytest.raises(KeyProviderError, match="another user"):
        FileKeyProvider(path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    FileKeyProvider(tmp_path / "real.json")
    (tmp_path / "master.json").symlink_to(tmp_path / "real.json")
    with pytest.raises(KeyProviderError, match="symbolic link"):
        FileKeyProvider(tmp_path / "master.json")


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "master.json", 0o600)
    with pytest.raises(KeyProviderError, match="not a regular file"):
        FileKeyProvider(tmp_path / "master.json")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{}",
        b'{"current":"0011223344556677","keys":{}}',
        b'{"current":"0011223344556677","keys":{"0011223344556677":"c2hvcnQ="}}',
        b'{"current":"0011223344556677","keys":{"8899aabbccddeeff":"' + b"A" * 43 + b'="}}',
        b'{"current":"x","keys":{"x":"' + b"A" * 43 + b'="}}',
        b"[" * 100_000,
    ],
)
def test_invalid_key_file_is_refused_and_unchanged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyProviderError):
        FileKeyProvider(path)
    assert path.read_bytes() == content


def test_after_a_rotation_old_keys_open_and_new_ones_use_the_new_master(tmp_path: Path) -> None:
    path = tmp_path / "master.json"
    provider = FileKeyProvider(path)
    old = provider.generate(CONTEXT)
    key_id = provider.rotate()
    new = provider.generate(CONTEXT)
    assert key_id.encode() in new.wrapped
    assert key_id.encode() not in old.wrapped
    again = FileKeyProvider(path)
    assert [again.unwrap(key.wrapped, CONTEXT) for key in (old, new)] == [old.plaintext, new.plaintext]
    assert path.stat().st_mode & 0o7777 == 0o600


def test_other_processes_use_a_rotated_master_key_at_once(tmp_path: Path) -> None:
    path = tmp_path / "master.json"
    node, administrator = FileKeyProvider(path), FileKeyProvider(path)
    old = node.generate(CONTEXT)
    key_id = administrator.rotate()
    assert node.unwrap(administrator.generate(CONTEXT).wrapped, CONTEXT)
    assert key_id.encode() in node.generate(CONTEXT).wrapped
    moved = node.rewrap(old.wrapped, CONTEXT)
    assert moved is not None
    assert key_id.encode() in moved
    assert node.unwrap(moved, CONTEXT) == old.plaintext
    assert node.rewrap(moved, CONTEXT) is None


def test_no_key_is_made_once_the_file_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "master.json"
    provider = FileKeyProvider(path)
    held = provider.generate(CONTEXT)
    path.unlink()
    assert provider.unwrap(held.wrapped, CONTEXT) == held.plaintext
    with pytest.raises(KeyProviderError, match="cannot be read"):
        provider.generate(CONTEXT)


def test_unknown_master_key_is_named(tmp_path: Path) -> None:
    key = FileKeyProvider(tmp_path / "lost.json").generate(CONTEXT)
    with pytest.raises(KeyProviderError, match="does not hold"):
        FileKeyProvider(tmp_path / "other.json").unwrap(key.wrapped, CONTEXT)


def test_two_services_that_start_at_once_use_one_key(tmp_path: Path) -> None:
    path = tmp_path / "master.json"
    providers: list[FileKeyProvider] = []
    gate = threading.Barrier(8)

    def start() -> None:
        gate.wait()
        providers.append(FileKeyProvider(path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    key = providers[0].generate(CONTEXT)
    assert {provider.unwrap(key.wrapped, CONTEXT) for provider in providers} == {key.plaintext}
    assert len(providers) == 8
    assert [found.name for found in tmp_path.iterdir()] == ["master.json"]
