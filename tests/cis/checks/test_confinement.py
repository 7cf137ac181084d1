import pytest
from tests.cis.judging import file, judge

from openinspector.model.hardening import ConfinementSystem, MandatoryAccessControl
from openinspector.model.record import Record


def apparmor(*profiles: tuple[str, str], unconfined: tuple[str, ...] = ()) -> MandatoryAccessControl:
    return MandatoryAccessControl(
        system=ConfinementSystem.APPARMOR, mode="enabled", profiles=profiles, unconfined_processes=unconfined
    )


def selinux(mode: str, unconfined: tuple[str, ...] = ()) -> MandatoryAccessControl:
    return MandatoryAccessControl(system=ConfinementSystem.SELINUX, mode=mode, unconfined_processes=unconfined)


@pytest.mark.parametrize(
    ("name", "records", "expected"),
    [
        ("apparmor_enforced", (apparmor(("/bin/a", "enforce")),), "Satisfied"),
        ("apparmor_enforced", (apparmor(("/bin/a", "enforce"), ("/bin/b", "complain")),), "Violated"),
        ("apparmor_active", (apparmor(("/bin/a", "complain")),), "Satisfied"),
        ("apparmor_active", (apparmor(),), "Violated"),
        ("apparmor_active", (apparmor(("/bin/a", "enforce"), unconfined=("/bin/a",)),), "Violated"),
        ("apparmor_active", (), "Violated"),
        ("selinux_enforcing", (selinux("enforcing"), file("/etc/selinux/config", "SELINUX=enforcing")), "Satisfied"),
        ("selinux_enforcing", (selinux("enforcing"), file("/etc/selinux/config", "SELINUX=disabled")), "Violated"),
        ("selinux_enforcing", (selinux("permissive"),), "Violated"),
        ("selinux_enabled", (selinux("permissive"),), "Satisfied"),
        ("selinux_enabled", (), "Violated"),
        ("no_unconfined_services", (selinux("enforcing"),), "Satisfied"),
        ("no_unconfined_services", (selinux("enforcing", ("/usr/bin/x",)),), "Violated"),
        ("no_unconfined_services", (), "Inapplicable"),
    ],
)
def test_verdicts(name: str, records: tuple[Record, ...], expected: str) -> None:
    assert judge(name, *records) == expected


def test_an_unread_state_is_unknown() -> None:
    for name in ("apparmor_active", "selinux_enforcing", "no_unconfined_services"):
        assert judge(name, incomplete=("mandatory_access_control",)) == "Unknown"
