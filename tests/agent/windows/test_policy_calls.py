import pytest

from openinspector.agent.hosts.windows_host import WindowsHost
from openinspector.agent.sensors.windows_security_policy import SENSOR, collect
from openinspector.agent.windows.policy_calls import ask_local_policy, sid_text
from openinspector.model.windows import ASKED, WindowsSecurityPolicy
from openinspector.model.windows_policy import AUDIT_SUBCATEGORIES, USER_RIGHTS, PolicyPart
from openinspector.testing.windows_policy_libraries import ADMINISTRATORS, SimulatedPolicy, sid_bytes

ALL = {
    "MinimumPasswordLength": "14",
    "MaximumPasswordAge": "60",
    "MinimumPasswordAge": "1",
    "PasswordHistorySize": "24",
    "ForceLogoffWhenHourExpire": "1",
    "LockoutBadCount": "5",
    "LockoutDuration": "15",
    "ResetLockoutCount": "15",
    "PasswordComplexity": "1",
    "ClearTextPassword": "0",
    "NewAdministratorName": "Verwalter",
    "EnableAdminAccount": "1",
    "NewGuestName": "Gast",
    "EnableGuestAccount": "0",
}


def test_the_whole_policy_and_nothing_is_leaked() -> None:
    windows = SimulatedPolicy(rights={"SeBackupPrivilege": (ADMINISTRATORS, (19,)), "SeTimeZonePrivilege": None})
    policy = ask_local_policy(windows)
    assert policy.system_access == ALL
    assert policy.privilege_rights["SeBackupPrivilege"] == ("S-1-5-32-544", "S-1-5-19")
    assert policy.privilege_rights["SeTcbPrivilege"] == ()
    assert set(policy.privilege_rights) == set(USER_RIGHTS) - {"SeTimeZonePrivilege"}
    assert policy.audit_subcategories == {"Logon": 3, "Logoff": 0}
    assert policy.refused == {}
    assert windows.held == 0
    assert windows.privileged is False


def test_unlimited_times_are_minus_one() -> None:
    forever = 0xFFFFFFFF
    windows = SimulatedPolicy(modals={0: (0, forever, 0, forever, 0), 3: (forever, 60, 3)})
    access = ask_local_policy(windows).system_access
    assert access["MaximumPasswordAge"] == access["LockoutDuration"] == "-1"
    assert access["ForceLogoffWhenHourExpire"] == "0"


def test_without_a_threshold_the_lockout_has_no_times() -> None:
    windows = SimulatedPolicy(modals={0: (0,) * 5, 3: (1800, 1800, 0)})
    access = ask_local_policy(windows).system_access
    assert access["LockoutBadCount"] == "0"
    assert "LockoutDuration" not in access


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        ("NetUserModalsGet", {PolicyPart.PASSWORDS, PolicyPart.LOCKOUT}),
        ("NetUserGetInfo", {PolicyPart.ACCOUNTS}),
        ("LookupAccountSidW", {PolicyPart.ACCOUNTS}),
        ("LsaOpenPolicy", {PolicyPart.PASSWORD_PROPERTIES, PolicyPart.ACCOUNTS, PolicyPart.RIGHTS}),
        ("LsaQueryInformationPolicy", {PolicyPart.PASSWORD_PROPERTIES, PolicyPart.ACCOUNTS}),
        ("LsaEnumerateAccountsWithUserRight", {PolicyPart.RIGHTS}),
        ("SamConnect", {PolicyPart.PASSWORD_PROPERTIES}),
        ("SamOpenDomain", {PolicyPart.PASSWORD_PROPERTIES}),
        ("SamQueryInformationDomain", {PolicyPart.PASSWORD_PROPERTIES}),
        ("AuditQuerySystemPolicy", {PolicyPart.AUDIT}),
        ("RtlAdjustPrivilege", {PolicyPart.AUDIT}),
    ],
)
@pytest.mark.parametrize("how", ["missing", "refused"])
def test_a_refused_or_missing_call_hides_its_own_part_only(call: str, parts: set[PolicyPart], how: str) -> None:
    windows = SimulatedPolicy(missing=(call,)) if how == "missing" else SimulatedPolicy(refusals={call: 0xC0000022})
    policy = ask_local_policy(windows)
    assert set(policy.refused) == parts
    assert all(call.removesuffix("W") in reason for reason in policy.refused.values())
    assert windows.held == 0
    assert policy.system_access or policy.privilege_rights


def test_an_answer_without_any_right_is_refused() -> None:
    assert set(ask_local_policy(SimulatedPolicy(rights={})).refused) == {PolicyPart.RIGHTS}


def test_audit_needs_no_privilege_if_windows_answers_without() -> None:
    windows = SimulatedPolicy(needs_privilege=False, missing=("RtlAdjustPrivilege",))
    assert ask_local_policy(windows).audit_subcategories == {"Logon": 3, "Logoff": 0}


def test_the_sensor_reaches_the_libraries_through_the_host() -> None:
    (record,) = collect(WindowsHost(SimulatedPolicy()))
    assert isinstance(record, WindowsSecurityPolicy)
    assert (record.source, record.system_access) == (ASKED, ALL)
    assert SENSOR.collect is collect


def test_sid_as_text() -> None:
    assert sid_text(sid_bytes(32, 544)) == "S-1-5-32-544"
    assert sid_text(bytes((1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0))) == "S-1-1-0"


def test_subcategories_have_the_numbers_of_ntsecapi() -> None:
    by_name = {name: number for number, name in AUDIT_SUBCATEGORIES.items()}
    assert len(by_name) == 59
    assert by_name["Credential Validation"] == "0cce923f-69ae-11d9-bed3-505054503030"
    assert by_name["User Account Management"].startswith("0cce9235-")
    assert by_name["Removable Storage"].startswith("0cce9245-")
    assert by_name["Token Right Adjusted Events"].startswith("0cce924a-")
