import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.windows_software import MACHINE, MACHINE_32, SENSOR
from openinspector.agent.windows.users import USERS
from openinspector.model.inventory import SensorState
from openinspector.model.windows import WindowsProgram
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.windows_documents import Data, Keys, recorded_windows

SID = "S-1-5-21-1004336348-1177238915-682003330-512"
EDITOR: dict[str, Data] = {
    "DisplayName": "Example Editor",
    "DisplayVersion": "2.7.1",
    "Publisher": "Example Inc.",
    "InstallDate": "20231031",
}
UNINSTALL = r"Software\Microsoft\Windows\CurrentVersion\Uninstall"


class TestWindowsSoftware(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return recorded_windows({rf"{MACHINE}\Editor": EDITOR, USERS: {}})


def test_both_views_and_each_user() -> None:
    keys: Keys = {
        rf"{MACHINE}\Editor": EDITOR,
        rf"{MACHINE_32}\{{0A1B}}": {**EDITOR, "DisplayName": "Old Editor"},
        rf"{USERS}\{SID}\{UNINSTALL}\Chat": {"DisplayName": "Chat", "InstallDate": "yesterday"},
        rf"{USERS}\{SID}_Classes": {},
        rf"{USERS}\S-1-5-18\{UNINSTALL}\Chat": {"DisplayName": "of the system's own account"},
    }
    records, status = run(SENSOR, FakeHost(recorded_windows(keys)))
    common = {"version": "2.7.1", "publisher": "Example Inc.", "installed_on": "2023-10-31"}
    assert records == [
        WindowsProgram(name="Example Editor", **common),
        WindowsProgram(name="Old Editor", architecture="x86", **common),
        WindowsProgram(name="Chat", user=SID),
    ]
    assert status.state is SensorState.OK


@pytest.mark.parametrize(
    "values", [{"DisplayVersion": "1"}, {**EDITOR, "SystemComponent": 1}, {**EDITOR, "ParentKeyName": "OfficeX"}]
)
def test_entries_that_windows_does_not_list_are_not_programs(values: dict[str, Data]) -> None:
    records, status = run(SENSOR, FakeHost(recorded_windows({rf"{MACHINE}\X": values, USERS: {}})))
    assert (records, status.state) == ([], SensorState.OK)


def test_hidden_users_are_reported() -> None:
    records, status = run(SENSOR, FakeHost(recorded_windows({rf"{MACHINE}\Editor": EDITOR})))
    assert len(records) == 1
    assert status.state is SensorState.PARTIAL
