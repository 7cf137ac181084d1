import pytest
from tests.cis.judging import file, judge

from openinspector.model.inventory import LoginDefinitions, PasswordQuality
from openinspector.model.record import Record
from openinspector.testing.fact_builders import pam

QUALITY = pam("common-password password required pam_pwquality.so retry=3")
FAILLOCK = pam(
    "common-auth auth required pam_faillock.so preauth",
    "common-auth auth sufficient pam_unix.so",
    "common-account account required pam_faillock.so",
)


@pytest.mark.parametrize(
    ("name", "records", "expected"),
    [
        ("password_hash", (LoginDefinitions(values={"ENCRYPT_METHOD": "yescrypt"}),), "Satisfied"),
        ("password_hash", (LoginDefinitions(values={"ENCRYPT_METHOD": "MD5"}),), "Violated"),
        ("password_hash", (LoginDefinitions(),), "Violated"),
        ("password_hash", (), "Inapplicable"),
        ("pwquality:minlen=>=14", (QUALITY, PasswordQuality(present=True, values={"minlen": "14"})), "Satisfied"),
        ("pwquality:minlen=>=14", (QUALITY, PasswordQuality(present=True, values={"MinLen": "15"})), "Satisfied"),
        ("pwquality:minlen=>=14", (QUALITY, PasswordQuality(present=True, values={"minlen": "8"})), "Violated"),
        ("pwquality:minlen=>=14", (QUALITY,), "Violated"),
        ("pwquality:retry=1..3", (QUALITY,), "Satisfied"),
        (
            "pwquality:minlen=>=14",
            (
                pam("x password required pam_pwquality.so minlen=8"),
                PasswordQuality(present=True, values={"minlen": "14"}),
            ),
            "Violated",
        ),
        ("pam_pwquality", (QUALITY,), "Satisfied"),
        ("pam_faillock", (QUALITY,), "Violated"),
        ("pam_faillock", (FAILLOCK,), "Satisfied"),
        ("pam_faillock", (), "Inapplicable"),
        ("faillock:deny=1..5", (FAILLOCK, file("/etc/security/faillock.conf", "deny = 5")), "Satisfied"),
        ("faillock:deny=1..5", (FAILLOCK, file("/etc/security/faillock.conf", "deny = 0")), "Violated"),
        ("faillock:deny=1..5", (FAILLOCK,), "Violated"),
        ("faillock:deny=1..5", (QUALITY,), "Violated"),
        ("faillock_root", (FAILLOCK, file("/etc/security/faillock.conf", "even_deny_root")), "Satisfied"),
        ("faillock_root", (FAILLOCK, file("/etc/security/faillock.conf", "root_unlock_time = 60")), "Satisfied"),
        ("faillock_root", (FAILLOCK,), "Violated"),
        ("pam_unix_no_nullok", (pam("a auth required pam_unix.so nullok"),), "Violated"),
        ("pam_unix_no_nullok", (pam("a auth required pam_unix.so"),), "Satisfied"),
        ("pam_unix_hash", (pam("p password required pam_unix.so sha512"),), "Satisfied"),
        ("pam_unix_hash", (pam("p password required pam_unix.so md5"),), "Violated"),
    ],
)
def test_verdicts(name: str, records: tuple[Record, ...], expected: str) -> None:
    assert judge(name, *records) == expected


def test_unread_stacks_are_unknown() -> None:
    assert judge("pam_faillock", FAILLOCK, incomplete=("pam",)) == "Unknown"
