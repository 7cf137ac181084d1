import pytest
from tests.cis.judging import file, judge

from openinspector.model.record import Record
from openinspector.model.tailoring import Tailoring
from openinspector.testing.fact_builders import operating_system

JOURNALD = "/etc/systemd/journald.conf"


@pytest.mark.parametrize(
    ("name", "records", "expected"),
    [
        ("journald:Storage=persistent", (file(JOURNALD, "[Journal]", "Storage=persistent"),), "Satisfied"),
        ("journald:Storage=persistent", (file(JOURNALD, "[Journal]"),), "Violated"),
        ("journald:Storage=persistent", (), "Inapplicable"),
        (
            "journald:Storage=persistent",
            (file(JOURNALD, "Storage=persistent"), file(f"{JOURNALD}.d/9.conf", "Storage=volatile")),
            "Violated",
        ),
        (
            "journald:Storage=persistent",
            (file(JOURNALD, "Storage=volatile"), file(f"{JOURNALD}.d/9.conf", "Storage=persistent")),
            "Satisfied",
        ),
        ("auditd:max_log_file=>=6", (file("/etc/audit/auditd.conf", "max_log_file = 8"),), "Satisfied"),
        ("auditd:max_log_file=>=6", (file("/etc/audit/auditd.conf", "max_log_file = many"),), "Violated"),
        ("core_limit", (file("/etc/security/limits.d/x", "*  hard   core  0"),), "Satisfied"),
        ("core_limit", (file("/etc/security/limits.conf", "* soft core 0"),), "Violated"),
        ("rsyslog_not_listening", (file("/etc/rsyslog.conf", 'module(load="imtcp")'),), "Violated"),
        ("rsyslog_not_listening", (file("/etc/rsyslog.conf", "$FileCreateMode 0640"),), "Satisfied"),
        ("rsyslog_not_listening", (), "Inapplicable"),
        ("banner:/etc/issue", (file("/etc/issue", "Authorized users only."),), "Satisfied"),
        ("banner:/etc/issue", (file("/etc/issue", r"Welcome to \s \r"),), "Violated"),
        ("banner:/etc/issue", (file("/etc/issue", "Debian GNU/Linux"), operating_system()), "Violated"),
        ("banner:/etc/issue", (), "Violated"),
        ("banner:/etc/motd", (), "Satisfied"),
        ("shell_timeout", (file("/etc/profile.d/t.sh", "readonly TMOUT=900 ; export TMOUT"),), "Satisfied"),
        ("shell_timeout", (file("/etc/profile.d/t.sh", "TMOUT=0"),), "Violated"),
        ("shell_timeout", (file("/etc/profile", "TMOUT=600"), file("/etc/bashrc", "TMOUT=1800")), "Violated"),
        ("shell_timeout", (), "Violated"),
        ("umask_shell", (file("/etc/profile", "umask 027"),), "Satisfied"),
        ("umask_shell", (file("/etc/profile", "umask 022"),), "Violated"),
        ("umask_shell", (file("/etc/profile", "umask u=rwx,g=rx,o="),), "Satisfied"),
        ("umask_shell", (), "Violated"),
        ("umask_root", (), "Satisfied"),
        ("sudo_use_pty", (file("/etc/sudoers", "Defaults use_pty"),), "Satisfied"),
        ("sudo_use_pty", (file("/etc/sudoers", "Defaults env_reset"),), "Violated"),
        ("sudo_passwords", (file("/etc/sudoers.d/x", "bob ALL=(ALL) NOPASSWD: ALL"),), "Violated"),
        ("sudo_passwords", (file("/etc/sudoers", "root ALL=(ALL:ALL) ALL"),), "Satisfied"),
        ("sudo_passwords", (), "Inapplicable"),
        ("sudo_timeout", (file("/etc/sudoers", "Defaults timestamp_timeout=15"),), "Satisfied"),
        ("sudo_timeout", (file("/etc/sudoers", "Defaults timestamp_timeout=-1"),), "Violated"),
        ("root_path", (file("/root/.profile", "PATH=/usr/bin:/bin"),), "Satisfied"),
        ("root_path", (file("/root/.profile", "PATH=/usr/bin:.:/bin"),), "Violated"),
        ("root_path", (), "Unknown"),
    ],
)
def test_verdicts(name: str, records: tuple[Record, ...], expected: str) -> None:
    assert judge(name, *records) == expected


def test_a_template_may_ask_for_a_shorter_timeout() -> None:
    timeout = file("/etc/profile", "TMOUT=900")
    tailored = Tailoring(variables={"shell_timeout_seconds": "600"})
    assert judge("shell_timeout", timeout, tailoring=tailored) == "Violated"


def test_files_that_were_not_read_are_unknown() -> None:
    for name in ("journald:Storage=persistent", "core_limit", "banner:/etc/issue", "shell_timeout", "umask_shell"):
        assert judge(name, incomplete=("configuration_files",)) == "Unknown"
