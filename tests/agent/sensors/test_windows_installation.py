import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.windows_installation import HOTPATCH, PRODUCT_OPTIONS, RESTART_KEYS, SENSOR
from openinspector.agent.windows.bounds import MAX_TEXT
from openinspector.agent.windows.version import CURRENT_VERSION
from openinspector.model.inventory import SensorState
from openinspector.model.windows import WindowsInstallation
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.windows_documents import Keys, recorded_windows


class TestWindowsInstallation(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return recorded_windows({})


def found(keys: Keys) -> tuple[WindowsInstallation, SensorState]:
    files = recorded_windows(keys)
    # The export that is read last decides.
    files = {path.replace("more.reg", "zz.reg"): content for path, content in files.items()}
    (record,), status = run(SENSOR, FakeHost(files))
    assert isinstance(record, WindowsInstallation)
    return record, status.state


def test_a_server() -> None:
    expected = WindowsInstallation(installation_type="Server", edition="ServerStandard", product_type="ServerNT")
    assert found({}) == (expected, SensorState.OK)


def test_a_domain_controller_with_hotpatches_that_waits_for_a_restart() -> None:
    record, state = found({PRODUCT_OPTIONS: {"ProductType": "LanmanNT"}, HOTPATCH: {}, RESTART_KEYS[0]: {}})
    assert state is SensorState.OK
    assert record.is_domain_controller
    assert record.hotpatch
    assert record.restart_pending == RESTART_KEYS[:1]


@pytest.mark.parametrize("value", ["", 1, "x" * (MAX_TEXT + 1)])
def test_an_installation_type_that_cannot_be_read_is_reported(value: str | int) -> None:
    record, state = found({CURRENT_VERSION: {"InstallationType": value}})
    assert (record.installation_type, state) == ("", SensorState.PARTIAL)
