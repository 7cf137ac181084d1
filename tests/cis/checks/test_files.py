import pytest
from tests.cis.judging import judge, verdict

from openinspector.model.hardening import AnomalyKind, FileAnomalies, FileAttributes, FileKind
from openinspector.model.record import Record

SHADOW = "attributes:/etc/shadow=0640 root root|shadow"


def attributes(path: str, mode: int, owner: str = "root", group: str = "root") -> FileAttributes:
    return FileAttributes(path=path, kind=FileKind.FILE, mode=mode, uid=0, gid=0, owner=owner, group=group)


@pytest.mark.parametrize(
    ("name", "records", "expected"),
    [
        (SHADOW, (attributes("/etc/shadow", 0o640, group="shadow"),), "Satisfied"),
        (SHADOW, (attributes("/etc/shadow", 0o600),), "Satisfied"),
        (SHADOW, (attributes("/etc/shadow", 0o644),), "Violated"),
        (SHADOW, (attributes("/etc/shadow", 0o640, owner="bob"),), "Violated"),
        (SHADOW, (attributes("/etc/shadow", 0o640, group="users"),), "Violated"),
        (SHADOW, (), "Inapplicable"),
        ("exists:/etc/cron.allow", (attributes("/etc/cron.allow", 0o600),), "Satisfied"),
        ("exists:/etc/cron.allow", (), "Violated"),
        ("missing:/etc/cron.deny", (), "Satisfied"),
        ("missing:/etc/cron.deny", (attributes("/etc/cron.deny", 0o600),), "Violated"),
        ("log_files_closed", (attributes("/var/log/syslog", 0o644),), "Violated"),
        ("log_files_closed", (attributes("/var/log/wtmp", 0o664), attributes("/var/log/syslog", 0o640)), "Satisfied"),
        ("unowned_files", (FileAnomalies(kind=AnomalyKind.UNOWNED, count=0),), "Satisfied"),
        ("unowned_files", (FileAnomalies(kind=AnomalyKind.UNOWNED, count=2, paths=("/a", "/b")),), "Violated"),
        ("unowned_files", (), "Inapplicable"),
    ],
)
def test_verdicts(name: str, records: tuple[Record, ...], expected: str) -> None:
    assert judge(name, *records) == expected


@pytest.mark.parametrize("name", [SHADOW, "exists:/etc/cron.allow"])
def test_paths_that_were_not_read_are_unknown(name: str) -> None:
    assert judge(name, incomplete=("file_attributes",)) == "Unknown"


def test_incomplete_walk_fails_or_is_unknown_but_never_passes() -> None:
    clean = FileAnomalies(kind=AnomalyKind.UNOWNED, count=0)
    assert judge("unowned_files", clean, incomplete=("file_anomalies",)) == "Unknown"
    found = FileAnomalies(kind=AnomalyKind.UNOWNED, count=1, paths=("/a",))
    assert judge("unowned_files", found, incomplete=("file_anomalies",)) == "Violated"


def test_remedy_removes_only_excess_permissions() -> None:
    found = verdict(SHADOW, attributes("/etc/shadow", 0o646))
    assert "`chmod -7137 /etc/shadow`" in str(found)
