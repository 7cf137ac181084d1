import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.windows_users import SENSOR
from openinspector.model.inventory import SensorState
from openinspector.model.windows import WindowsUser
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.windows_documents import Keys, recorded_windows

SID = "S-1-5-21-1004336348-1177238915-682003330-1001"
DESKTOP = r"Software\Policies\Microsoft\Windows\Control Panel\Desktop"


class TestWindowsUsers(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return recorded_windows({rf"HKEY_USERS\{SID}\{DESKTOP}": {"ScreenSaveActive": "1"}})


def test_settings_of_people_and_no_others() -> None:
    keys: Keys = {
        rf"HKEY_USERS\{SID}\{DESKTOP}": {"screensaveactive": "1", "Wallpaper": "x"},
        rf"HKEY_USERS\{SID}\Software\Policies\Microsoft\Windows\Installer": {"AlwaysInstallElevated": 1},
        rf"HKEY_USERS\{SID}_Classes": {},
        rf"HKEY_USERS\S-1-5-18\{DESKTOP}": {"ScreenSaveActive": "1"},
        r"HKEY_USERS\S-1-5-21-1-2-3-1002": {},
    }
    records, status = run(SENSOR, FakeHost(recorded_windows(keys)))
    installer = r"software\policies\microsoft\windows\installer\alwaysinstallelevated"
    assert records == [
        WindowsUser(sid="S-1-5-21-1-2-3-1002"),
        WindowsUser(sid=SID, settings={rf"{DESKTOP}\ScreenSaveActive".casefold(): "1", installer: "1"}),
    ]
    assert status.state is SensorState.OK


def test_a_user_with_a_value_of_a_mebibyte_is_left_out() -> None:
    keys: Keys = {rf"HKEY_USERS\{SID}\{DESKTOP}": {"ScreenSaveActive": "1" * 2**20}}
    records, status = run(SENSOR, FakeHost(recorded_windows(keys)))
    assert (records, status.state) == ([], SensorState.PARTIAL)


def test_more_users_than_the_limit_are_cut_and_reported() -> None:
    keys: Keys = {rf"HKEY_USERS\S-1-5-21-1-2-3-{number}": {} for number in range(1000, 1501)}
    records, status = run(SENSOR, FakeHost(recorded_windows(keys)))
    assert (len(records), status.state) == (500, SensorState.PARTIAL)


def test_a_disk_has_no_signed_in_users() -> None:
    assert run(SENSOR, FakeHost(recorded_windows({})))[0] == []
