import pytest
from tests.cis.judging import judge

from openinspector.agent.windows.settings_list import SETTINGS
from openinspector.cis.benchmarks import BENCHMARKS
from openinspector.cis.checks.windows_policy import RegistrySetting
from openinspector.model.windows import RegistryType, WindowsRegistryValue, WindowsSecurityPolicy

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


def test_settings_of_the_agent_have_every_value_of_the_rules() -> None:
    asked = {
        (check.key, check.name)
        for built_in in BENCHMARKS
        for control in built_in.load().controls
        for check in control.checks
        if isinstance(check, RegistrySetting)
    }
    assert len(asked) > 70
    assert asked <= {(key, name) for key, names in SETTINGS.items() for name in names}
