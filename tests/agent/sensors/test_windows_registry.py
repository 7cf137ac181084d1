import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.windows_registry import SENSOR
from openinspector.agent.windows.settings_list import SETTINGS
from openinspector.model.inventory import SensorState
from openinspector.model.windows import RegistryType, WindowsRegistryValue
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.windows_documents import Keys, Stored, recorded_windows

LSA = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Lsa"
SERVER = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters"
SECRETS = ("password", "secret", "key", "token", "credential", "hash")
NO_SECRETS = {
    "BlockDomainPicturePassword",
    "DisablePasswordReveal",
    "EnableFileHashComputation",
    "PasswordAgeDays",
    "PasswordComplexity",
    "PasswordLength",
    "DisablePasswordChange",
    "DisablePasswordSaving",
    "FilterAdministratorToken",
    "LocalAccountTokenFilterPolicy",
    "EnablePlainTextPassword",
    "fPromptForPassword",
    "LimitBlankPasswordUse",
    "RefusePasswordChange",
    "MaximumPasswordAge",
    "NoLMHash",
    "PasswordExpiryWarning",
    "RequireStrongKey",
    "UseLogonCredential",
}
"""Switches and numbers about passwords and keys, not such themselves."""


class TestWindowsRegistry(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return recorded_windows({LSA: {"LmCompatibilityLevel": 5}, SERVER: {"NullSessionPipes": ("a", "b")}})


def test_values_of_the_list_and_no_others() -> None:
    keys: Keys = {
        LSA: {"lmcompatibilitylevel": 5, "NoLMHash": Stored(3, b"\xab"), "SomeSecret": "x"},
        SERVER: {"NullSessionPipes": ("a", "b"), "SMB1": Stored(99, b"\1")},
        r"HKEY_LOCAL_MACHINE\SOFTWARE\Example": {"n": 1},
    }
    records, status = run(SENSOR, FakeHost(recorded_windows(keys)))
    assert records == [
        WindowsRegistryValue(key=LSA, name="LmCompatibilityLevel", type=RegistryType.DWORD, data=5),
        WindowsRegistryValue(key=LSA, name="NoLMHash", type=RegistryType.BINARY, data="ab"),
        WindowsRegistryValue(key=SERVER, name="NullSessionPipes", type=RegistryType.MULTI_SZ, data=("a", "b")),
        WindowsRegistryValue(key=SERVER, name="SMB1", type=RegistryType.OTHER, data="01"),
    ]
    assert status.state is SensorState.OK


def test_a_value_of_a_mebibyte_is_named_and_not_sent() -> None:
    keys: Keys = {LSA: {"LmCompatibilityLevel": "x" * 2**20, "NoLMHash": 1}}
    records, status = run(SENSOR, FakeHost(recorded_windows(keys)))
    assert [getattr(record, "name", "") for record in records] == ["NoLMHash"]
    assert status.state is SensorState.PARTIAL
    assert "LmCompatibilityLevel" in status.details[0]


def test_the_list_names_no_secret() -> None:
    names = {name for values in SETTINGS.values() for name in values}
    assert {name for name in names if any(word in name.lower() for word in SECRETS)} == NO_SECRETS
