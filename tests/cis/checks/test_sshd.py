import pytest
from tests.cis.judging import judge

from openinspector.model.inventory import SshdConfiguration
from openinspector.model.record import Record
from openinspector.testing.fact_builders import sshd


@pytest.mark.parametrize(
    ("name", "records", "expected"),
    [
        ("sshd:PermitRootLogin=no", (sshd({"permitrootlogin": "no"}),), "Satisfied"),
        ("sshd:PermitRootLogin=no", (sshd({"permitrootlogin": "prohibit-password"}),), "Violated"),
        ("sshd:MaxAuthTries=<=4", (sshd({"maxauthtries": "4"}),), "Satisfied"),
        ("sshd:MaxAuthTries=<=4", (sshd({"maxauthtries": "6"}),), "Violated"),
        ("sshd:LoginGraceTime=1..60", (sshd({"logingracetime": "0"}),), "Violated"),
        ("sshd:Nothing=no", (sshd(),), "Unknown"),
        ("sshd:PermitRootLogin=no", (SshdConfiguration(installed=False),), "Inapplicable"),
        ("sshd_macs", (sshd({"macs": "hmac-sha2-512-etm@openssh.com"}),), "Satisfied"),
        ("sshd_macs", (sshd({"macs": "hmac-sha2-512,HMAC-MD5"}),), "Violated"),
        ("sshd_macs", (sshd({"macs": "-hmac-md5"}),), "Unknown"),
        ("sshd_macs", (sshd({"macs": "a" * 65536 + "!"}),), "Satisfied"),
        ("sshd_banner", (sshd({"banner": "/etc/issue.net"}),), "Satisfied"),
        ("sshd_banner", (sshd({"banner": "none"}),), "Violated"),
        ("sshd_startups", (sshd({"maxstartups": "10:30:60"}),), "Satisfied"),
        ("sshd_startups", (sshd({"maxstartups": "10:30:100"}),), "Violated"),
        ("sshd_startups", (sshd({"maxstartups": "10"}),), "Satisfied"),
        ("sshd_startups", (sshd({"maxstartups": "often"}),), "Unknown"),
        ("sshd_access", (sshd({"allowgroups": "admins"}),), "Satisfied"),
        ("sshd_access", (sshd(),), "Violated"),
    ],
)
def test_verdicts(name: str, records: tuple[Record, ...], expected: str) -> None:
    assert judge(name, *records) == expected


def test_a_configuration_that_was_not_read_is_unknown() -> None:
    assert judge("sshd:PermitRootLogin=no", sshd(), incomplete=("sshd_configuration",)) == "Unknown"
