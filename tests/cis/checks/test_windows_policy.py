import pytest
from scripts.windows.rule_settings import TARGET, asked_settings, render_settings
from tests.cis.judging import judge

from openinspector.agent.windows.settings_list import SETTINGS
from openinspector.cis.benchmarks import BENCHMARKS
from openinspector.cis.checks.windows_policy import AuditPolicy, RegistrySetting, UserRight, UserSetting
from openinspector.model.windows import ASKED, RegistryType, WindowsRegistryValue, WindowsSecurityPolicy, WindowsUser
from openinspector.model.windows_policy import AUDIT_SUBCATEGORIES, USER_RIGHTS, WELL_KNOWN_ACCOUNTS

LSA = r"SYSTEM\CurrentControlSet\Control\Lsa"


def value(name: str, data: str | int | tuple[str, ...]) -> WindowsRegistryValue:
    return WindowsRegistryValue(key=rf"HKEY_LOCAL_MACHINE\{LSA}", name=name, type=RegistryType.DWORD, data=data)


@pytest.mark.parametrize(
    ("wanted", "data", "expected"),
    [
        ("5", 5, "Satisfied"),
        ("5", "5", "Satisfied"),
        ("5", 3, "Violated"),
        ("5", ("5", "5"), "Violated"),
        ("5", None, "Violated"),
        ("?5", None, "Satisfied"),
        ("?5", 3, "Violated"),
        # A value of another type, as the sensor writes it, meets nothing.
        ("5", "05000000", "Violated"),
        ("?5", "", "Violated"),
        ("<=5", "0x5", "Violated"),
        ("[a|b]", ("A",), "Satisfied"),
        ("[a|b]", ("a", "c"), "Violated"),
        ("[]", (), "Satisfied"),
        ("[]", ("a",), "Violated"),
        ("<=5", "9" * 4096, "Violated"),
    ],
)
def test_registry_setting(wanted: str, data: str | int | tuple[str, ...] | None, expected: str) -> None:
    records = [value("lmcompatibilitylevel", data)] if data is not None else []
    assert judge(f"registry:{LSA}!LmCompatibilityLevel={wanted}", *records) == expected


def test_unread_registry_is_unknown() -> None:
    assert judge(f"registry:{LSA}!NoLMHash=?1", incomplete=("windows_registry",)) == "Unknown"


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("policy:MinimumPasswordLength=>=14", "Violated"),
        ("policy:LockoutBadCount=1..10", "Satisfied"),
        ("policy:NewAdministratorName=!Administrator", "Violated"),
        ("policy:NewGuestName=!Guest", "Satisfied"),
        ("policy:PasswordComplexity=1", "Unknown"),
    ],
)
def test_account_policy(check: str, expected: str) -> None:
    access = {
        "MinimumPasswordLength": "8",
        "LockoutBadCount": "5",
        "NewAdministratorName": '"Administrator"',
        "NewGuestName": '"nobody"',
    }
    assert judge(check, WindowsSecurityPolicy(source="x.inf", exported_at=1, system_access=access)) == expected


ADMINISTRATORS, GUESTS = "S-1-5-32-544", "S-1-5-32-546"


@pytest.mark.parametrize(
    ("wanted", "held", "expected"),
    [
        ("Administrators", (ADMINISTRATORS,), "Satisfied"),
        ("Administrators", ("*" + ADMINISTRATORS,), "Satisfied"),
        ("Administrators", ("administrators",), "Satisfied"),
        ("Administrators", (), "Satisfied"),
        ("Administrators", (ADMINISTRATORS, "S-1-5-21-1-2-3-1000"), "Violated"),
        ("", (), "Satisfied"),
        ("", (ADMINISTRATORS,), "Violated"),
        ("+Guests", (GUESTS, ADMINISTRATORS), "Satisfied"),
        ("+Guests", (ADMINISTRATORS,), "Violated"),
        ("+Guests", (), "Violated"),
        ("Administrators", None, "Unknown"),
    ],
)
def test_user_right(wanted: str, held: tuple[str, ...] | None, expected: str) -> None:
    rights = {} if held is None else {"SeBackupPrivilege": held}
    policy = WindowsSecurityPolicy(source=ASKED, privilege_rights=rights)
    assert judge(f"right:SeBackupPrivilege={wanted}", policy) == expected


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        ("S", 1, "Satisfied"),
        ("S", 3, "Satisfied"),
        ("SF", 1, "Violated"),
        ("SF", 3, "Satisfied"),
        ("F", 1, "Violated"),
        ("F", 0, "Violated"),
        ("F", None, "Unknown"),
    ],
)
def test_audit_subcategory(wanted: str, found: int | None, expected: str) -> None:
    audit = {} if found is None else {"Logon": found}
    assert judge(f"audited:Logon={wanted}", WindowsSecurityPolicy(source=ASKED, audit_subcategories=audit)) == expected


def test_one_refused_part_does_not_hide_the_others() -> None:
    policy = WindowsSecurityPolicy(source=ASKED, audit_subcategories={"Logon": 3})
    gap = ("windows_security_policy",)
    assert judge("audited:Logon=SF", policy, incomplete=gap) == "Satisfied"
    assert judge("right:SeBackupPrivilege=Administrators", policy, incomplete=gap) == "Unknown"
    assert judge("right:SeBackupPrivilege=Administrators", incomplete=gap) == "Unknown"


def test_answers_of_windows_come_before_the_export() -> None:
    asked = WindowsSecurityPolicy(source=ASKED, system_access={"MinimumPasswordLength": "14"})
    export = WindowsSecurityPolicy(
        source="x.inf", exported_at=1, system_access={"MinimumPasswordLength": "8", "PasswordComplexity": "1"}
    )
    assert judge("policy:MinimumPasswordLength=>=14", asked, export) == "Satisfied"
    assert judge("policy:PasswordComplexity=1", asked, export) == "Satisfied"


def test_every_right_and_subcategory_of_the_rules_is_asked() -> None:
    checks = [check for built_in in BENCHMARKS for control in built_in.load().controls for check in control.checks]
    rights = [check for check in checks if isinstance(check, UserRight)]
    audits = [check for check in checks if isinstance(check, AuditPolicy)]
    assert {check.name for check in rights} <= set(USER_RIGHTS)
    assert {name for check in rights for name in check.accounts} <= set(WELL_KNOWN_ACCOUNTS.values())
    assert {check.name for check in audits} <= set(AUDIT_SUBCATEGORIES.values())
    assert len({check.name for check in rights}) > 35
    assert len({check.name for check in audits}) > 25


def test_settings_of_the_agent_are_those_of_the_rules() -> None:
    asked = asked_settings(RegistrySetting)
    assert sum(len(names) for names in asked.values()) > 250
    assert len(asked_settings(UserSetting)) > 5
    assert TARGET.read_text() == render_settings(), "run python -m scripts.windows.rule_settings"
    for key, names in asked.items():
        assert set(names) <= set(SETTINGS[key])


SCREEN = r"SOFTWARE\Policies\Microsoft\Windows\Control Panel\Desktop"


@pytest.mark.parametrize(
    ("wanted", "values", "expected"),
    [
        ("1", ["1", "1"], "Satisfied"),
        ("1", ["1", "0"], "Violated"),
        ("1", ["1", None], "Violated"),
        ("?1", ["1", None], "Satisfied"),
        ("1", [], "Unknown"),
    ],
)
def test_setting_of_every_user(wanted: str, values: list[str | None], expected: str) -> None:
    path = rf"{SCREEN}\ScreenSaveActive".casefold()
    users = [
        WindowsUser(sid=f"S-1-5-21-1-2-3-{1000 + number}", settings={} if value is None else {path: value})
        for number, value in enumerate(values)
    ]
    assert judge(f"user:{SCREEN}!ScreenSaveActive={wanted}", *users) == expected


def test_unread_users_are_unknown() -> None:
    user = WindowsUser(sid="S-1-5-21-1-2-3-1000")
    assert judge(f"user:{SCREEN}!ScreenSaveActive=?1", user, incomplete=("windows_users",)) == "Unknown"
