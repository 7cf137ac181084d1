import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.windows_os import SENSOR
from openinspector.agent.windows.version import CURRENT_VERSION
from openinspector.model.inventory import OperatingSystem, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.windows_documents import SERVER_2022, Data, recorded_windows


class TestWindowsOs(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return recorded_windows({})


def system(changes: dict[str, Data | None]) -> OperatingSystem:
    values = {**SERVER_2022[CURRENT_VERSION], **{k: v for k, v in changes.items() if v is not None}}
    left = {name: data for name, data in values.items() if changes.get(name, "") is not None}
    files = recorded_windows({f"-{CURRENT_VERSION}": {}, CURRENT_VERSION: left})
    # The export that is read last has the last word.
    files["C:/ProgramData/openinspector/Agent/exports/zz.reg"] = files.pop(
        "C:/ProgramData/openinspector/Agent/exports/more.reg"
    )
    (found,), _ = run(SENSOR, FakeHost(files))
    assert isinstance(found, OperatingSystem)
    return found


def test_a_server_2022() -> None:
    assert system({}) == OperatingSystem(
        id="windows",
        version_id="10.0.20348",
        codename="21H2",
        name="Windows Server 2022 Standard",
        architecture="x86_64",
        hostname="WIN-EXAMPLE",
        kernel_release="10.0.20348",
        kernel_version="10.0.20348.2031",
    )


def test_windows_11_is_not_reported_as_10() -> None:
    client: dict[str, Data | None] = {"ProductName": "Windows 10 Pro", "InstallationType": "Client"}
    assert system({**client, "CurrentBuildNumber": "22631"}).name == "Windows 11 Pro"
    assert system({**client, "CurrentBuildNumber": "19045"}).name == "Windows 10 Pro"


def test_older_windows_with_a_single_version_value() -> None:
    older: dict[str, Data | None] = {
        "CurrentMajorVersionNumber": None,
        "CurrentMinorVersionNumber": None,
        "CurrentBuildNumber": "9600",
        "DisplayVersion": None,
    }
    found = system(older)
    assert (found.version_id, found.kernel_version, found.codename) == ("6.3.9600", "6.3.9600.2031", "")


def test_a_build_that_missing_build_is_reported() -> None:
    files = recorded_windows({CURRENT_VERSION: {"CurrentBuildNumber": ""}})
    files = {path.replace("more", "zz"): content for path, content in files.items()}
    records, status = run(SENSOR, FakeHost(files))
    assert status.state is SensorState.PARTIAL
    assert [getattr(record, "version_id", None) for record in records] == [""]
