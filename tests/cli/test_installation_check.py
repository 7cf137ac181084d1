import json
from pathlib import Path

import pytest
from tests.cli.conftest import Command


def results(command: Command, folder: Path, status: int) -> dict[str, bool]:
    done = command("admin", "--data-dir", str(folder), "check", "--json")
    assert done.status == status, done
    return {row["check"]: row["ok"] for row in json.loads(done.out)}


def test_a_working_installation_passes_and_nothing_is_left(command: Command, tmp_path: Path) -> None:
    assert results(command, tmp_path, 0) == {"database": True, "keys": True, "objects": True}
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []
    assert "ok" in command("admin", "--data-dir", str(tmp_path), "check").out


def test_another_master_key_fails(command: Command, tmp_path: Path) -> None:
    results(command, tmp_path, 0)
    (tmp_path / "keys.json").unlink()
    assert results(command, tmp_path, 1) == {"database": True, "keys": False, "objects": True}


def test_an_object_store_that_refuses_fails(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results(command, tmp_path, 0)
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "objects").rmdir()
    (tmp_path / "elsewhere" / "objects").mkdir(parents=True)
    (tmp_path / "elsewhere" / "objects" / "check").write_bytes(b"a file where the folder belongs")
    monkeypatch.setenv("OPENINSPECTOR_OBJECT_URL", (tmp_path / "elsewhere" / "objects").as_uri())
    assert results(command, tmp_path, 1) == {"database": True, "keys": True, "objects": False}
