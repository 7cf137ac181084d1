import pytest
from tests.cis.judging import file, judge

from openinspector.model.hardening import AnomalyKind, AuditRule, AuditState, FileAnomalies
from openinspector.model.record import Record
from openinspector.testing.fact_builders import operating_system

PATH = "/etc/audit/rules.d/a.rules"
DELETIONS = "-S unlink,unlinkat,rename,renameat -F auid>=1000 -F auid!=unset -k delete"


@pytest.mark.parametrize(
    ("name", "lines", "expected"),
    [
        ("audit_watch:/etc/passwd|/etc/group", ("-w /etc/passwd -p wa -k id", "-w /etc/group -p wxa"), "Satisfied"),
        ("audit_watch:/etc/passwd|/etc/group", ("-w /etc/passwd -p wa",), "Violated"),
        ("audit_watch:/etc/passwd", ("-w /etc/passwd -p w",), "Violated"),
        ("audit_watch:/etc/passwd", ("-a always,exit -F path=/etc/passwd -F perm=wa -F key=x",), "Satisfied"),
        (
            "audit_deletions",
            (f"-a always,exit -F arch=b64 {DELETIONS}", f"-a always,exit -F arch=b32 {DELETIONS}"),
            "Satisfied",
        ),
        ("audit_deletions", (f"-a always,exit -F arch=b64 {DELETIONS}",), "Violated"),
        (
            "audit_deletions",
            tuple(
                f"-a always,exit -F arch={arch} -S {name} -F auid>=1000 -F auid!=4294967295"
                for arch in ("b64", "b32")
                for name in ("unlink", "unlinkat", "rename", "renameat")
            ),
            "Satisfied",
        ),
        ("audit_locked", ("-e 2",), "Satisfied"),
        ("audit_locked", ("-e 2", "-e 1"), "Violated"),
        ("audit_locked", (), "Violated"),
        (
            "audit_programs:/usr/bin/kmod",
            ("-a always,exit -F path=/usr/bin/kmod -F perm=x -F auid>=1000",),
            "Satisfied",
        ),
        ("audit_programs:/usr/bin/kmod", ("-w /usr/bin/kmod -p r",), "Violated"),
    ],
)
def test_verdicts(name: str, lines: tuple[str, ...], expected: str) -> None:
    assert judge(name, file(PATH, *lines), operating_system()) == expected


def test_every_privileged_program_must_be_audited() -> None:
    programs = FileAnomalies(kind=AnomalyKind.PRIVILEGED, count=2, paths=("/usr/bin/passwd", "/usr/bin/sudo"))
    one = file(PATH, "-a always,exit -F path=/usr/bin/sudo -F perm=x")
    both = file(PATH, *one.lines[0].text.splitlines(), "-a always,exit -F path=/usr/bin/passwd -F perm=x")
    assert judge("audit_privileged", programs, one) == "Violated"
    assert judge("audit_privileged", programs, both) == "Satisfied"
    assert judge("audit_privileged", one, incomplete=("file_anomalies",)) == "Unknown"
    assert judge("audit_privileged", one) == "Inapplicable"


def test_unread_rules_are_unknown() -> None:
    assert judge("audit_watch:/etc/passwd", incomplete=("configuration_files",)) == "Unknown"


WATCH = "-w /etc/passwd -p wa -k id"
ON, LOCKED = AuditState(enabled=1, failure=1), AuditState(enabled=2, failure=1)


@pytest.mark.parametrize(
    ("in_files", "in_force", "expected"),
    [
        ((WATCH,), (ON, AuditRule(place=1, text=WATCH)), "Satisfied"),
        ((WATCH,), (ON,), "Violated"),
        ((), (ON, AuditRule(place=1, text=WATCH)), "Violated"),
        ((WATCH,), (), "Satisfied"),
    ],
)
def test_a_running_system_needs_the_rule_in_files_and_in_force(
    in_files: tuple[str, ...], in_force: tuple[Record, ...], expected: str
) -> None:
    """A root folder has no rules in force; its files decide."""
    assert judge("audit_watch:/etc/passwd", file(PATH, *in_files), *in_force) == expected


def test_rules_in_force_that_were_not_read_are_unknown() -> None:
    assert judge("audit_watch:/etc/passwd", file(PATH, WATCH), incomplete=("audit_rules",)) == "Unknown"
    assert judge("audit_watch:/etc/passwd", file(PATH), incomplete=("audit_rules",)) == "Violated"


def test_a_rule_that_keeps_events_out_covers_nothing() -> None:
    never = "-a never,exit -F path=/etc/passwd -F perm=wa"
    assert judge("audit_watch:/etc/passwd", file(PATH, never)) == "Violated"


def test_the_lock_must_be_in_force() -> None:
    assert judge("audit_locked", file(PATH, "-e 2"), ON) == "Violated"
    assert judge("audit_locked", file(PATH, "-e 2"), LOCKED) == "Satisfied"
