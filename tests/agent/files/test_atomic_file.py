import os
from pathlib import Path

import pytest

from openinspector.agent.files.atomic_file import OWN_FILES, make_private_folder, write_atomically
from openinspector.agent.identity import KEY_FILE
from openinspector.agent.membership.enrolment import ENROLMENT_FILE


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that others may use."""
    folder = tmp_path / "srv" / "shared"
    folder.mkdir(parents=True)
    for each in (folder.parent, folder):
        each.chmod(0o755)
    return folder


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o7777


def test_content_is_complete_and_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"first")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_a_link_laid_for_the_temporary_file_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "file.partial").symlink_to(victim)
    write_atomically(tmp_path / "file", b"new")
    assert victim.read_bytes() == b"precious"


def test_failed_write_keeps_the_old_content(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_atomically(tmp_path / "absent" / "file", b"new")


def test_creates_missing_folders_with_a_private_leaf(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_private_folder(folder)
    make_private_folder(folder)
    assert mode(folder) == 0o700


def test_state_directory_is_recognised_by_agent_files() -> None:
    assert OWN_FILES == (KEY_FILE, ENROLMENT_FILE)


@pytest.mark.parametrize("content", [None, "lost+found", "host.key", "enrolment.json"])
def test_folder_with_agent_files_becomes_private(shared: Path, content: str | None) -> None:
    if content is not None:
        (shared / content).touch()
    make_private_folder(shared)
    assert mode(shared) == 0o700


@pytest.mark.parametrize("content", ["mail", "host.key.bak"])
def test_a_folder_that_others_use_keeps_its_mode_and_is_refused(shared: Path, content: str) -> None:
    (shared / content).touch()
    (shared / "host.key").symlink_to(shared / content)
    with pytest.raises(
        OSError, match=f"others may use {shared}; name a folder .* such as {shared}/openinspector-agent"
    ):
        make_private_folder(shared)
    assert mode(shared) == 0o755


def test_link_is_refused_and_its_target_keeps_its_mode(shared: Path) -> None:
    link = shared.with_name("link")
    link.symlink_to(shared)
    with pytest.raises(OSError, match="is a link"):
        make_private_folder(link)
    assert mode(shared) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make what is another user's")
def test_another_users_folder_or_key_is_refused(shared: Path) -> None:
    (shared / "host.key").touch()
    os.chown(shared / "host.key", 65534, 65534)
    with pytest.raises(OSError, match="others may use"):
        make_private_folder(shared)
    os.chown(shared, 65534, 65534)
    with pytest.raises(OSError, match="another user"):
        make_private_folder(shared)
    assert mode(shared) == 0o755


def test_shared_folder_below_a_private_folder_is_accepted(shared: Path) -> None:
    (shared / "envelope").touch()
    shared.parent.chmod(0o700)
    make_private_folder(shared)
    assert mode(shared) == 0o700
