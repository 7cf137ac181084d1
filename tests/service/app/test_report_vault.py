"""Reports are sealed, each with a key of its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from openinspector.model.errors import StoreError
from openinspector.model.report import Report
from openinspector.testing.conformance.report_store import report
from openinspector.testing.installation import BuiltInstallation

WORDS = b"CVE-2026-0001 on host-1.example " * 5000


def kept(built: BuiltInstallation, number: int = 1) -> Report:
    made = report(number)
    return replace(made, wrapped_key=built.around.report_vault.put(made, WORDS))


def objects(folder: Path) -> list[Path]:
    return [path for path in (folder / "objects" / "reports").rglob("*") if path.is_file()]


def test_report_round_trip(built: BuiltInstallation) -> None:
    assert built.around.report_vault.open(kept(built)) == WORDS


def test_objects_are_encrypted_and_compressed(built: BuiltInstallation, tmp_path: Path) -> None:
    kept(built)
    (path,) = objects(tmp_path)
    content = path.read_bytes()
    assert b"CVE-2026" not in content
    assert b"\x28\xb5\x2f\xfd" not in content  # a zstd frame
    assert len(content) < len(WORDS) // 10


def test_another_reports_key_does_not_open_it(built: BuiltInstallation) -> None:
    first, second = kept(built, 1), kept(built, 2)
    for wrong in (replace(first, wrapped_key=second.wrapped_key), replace(first, wrapped_key=b"")):
        with pytest.raises(StoreError):
            built.around.report_vault.open(wrong)


def test_a_swapped_or_damaged_object_does_not_open(built: BuiltInstallation, tmp_path: Path) -> None:
    first, second = kept(built, 1), kept(built, 2)
    paths = {path.name: path for path in objects(tmp_path)}
    contents = {name: path.read_bytes() for name, path in paths.items()}
    whole = contents[first.id]
    for changed in (contents[second.id], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), b""):
        paths[first.id].write_bytes(changed)
        with pytest.raises(StoreError):
            built.around.report_vault.open(first)


def test_deleted_run_leaves_no_object(built: BuiltInstallation, tmp_path: Path) -> None:
    first = kept(built, 1)
    kept(built, 2)
    built.around.report_vault.delete_run(first.run_arn)
    assert objects(tmp_path) == []
