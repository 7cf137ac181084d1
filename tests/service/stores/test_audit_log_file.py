import os
from pathlib import Path

import pytest

from openinspector.model.errors import StoreError
from openinspector.service.ports.audit_log import AuditLog
from openinspector.service.stores.audit_log_file import FileAuditLog
from openinspector.testing.conformance.audit_log import AuditLogSuite, Days
from openinspector.testing.model_builders import START


class TestFileAuditLog(AuditLogSuite):
    @pytest.fixture
    def log(self, tmp_path: Path) -> AuditLog:
        return FileAuditLog(tmp_path / "audit")

    @pytest.fixture
    def days(self, tmp_path: Path) -> Days:
        return lambda: {path.stem: path.read_bytes().splitlines() for path in (tmp_path / "audit").glob("*.jsonl")}


def test_file_is_private_and_appended_after_a_restart(tmp_path: Path) -> None:
    for line in (b"one", b"two"):
        FileAuditLog(tmp_path / "audit").append(START, line)
    (file,) = (tmp_path / "audit").iterdir()
    assert file.read_bytes() == b"one\ntwo\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_links_are_not_followed_and_other_files_are_kept(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch()
    (tmp_path / f"{START.date()}.jsonl").symlink_to(elsewhere)
    (tmp_path / "notes.jsonl").touch()
    with pytest.raises(StoreError, match="cannot be used"):
        FileAuditLog(tmp_path).append(START, b"line")
    assert FileAuditLog(tmp_path).forget(START) == 0
    assert elsewhere.read_bytes() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is absent")
def test_full_disk_is_explained(tmp_path: Path) -> None:
    log = FileAuditLog(tmp_path)
    log.append(START, b"line")
    os.dup2(os.open("/dev/full", os.O_WRONLY), log._descriptor)
    with pytest.raises(StoreError, match="No space left"):
        log.append(START, b"line")
