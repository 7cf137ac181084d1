import time

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.time_state import SENSOR
from openinspector.model.activity import TimeState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

FILES: Files = {
    "/proc/stat": "cpu  1 2 3 4 5\nbtime 1700000000\n",
    "/proc/uptime": "500.75 1.00\n",
    "/etc/localtime": Node(link="/usr/share/zoneinfo/Europe/Berlin"),
    "/proc/9/stat": "9 (systemd-timesyn) S 1 7 7 0 -1 4194560 0 0 0 0 150 50 0 0 20 0 3 0 500 1000000 250 1\n",
    "/run/systemd/timesync/synchronized": "",
}


class TestTimeState(SensorConformance):
    decorations = ("/proc/9/", "/run/systemd/timesync/")

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {path: node for path, node in FILES.items() if path != "/etc/localtime"} | {
            "/etc/timezone": "Europe/Berlin\n"
        }


def only(files: Files) -> TimeState:
    record = run(SENSOR, FakeHost(files))[0][0]
    assert isinstance(record, TimeState)
    return record


def test_the_clock_of_a_host() -> None:
    assert only(FILES) == TimeState(
        now=1700000500,
        booted_at=1700000000,
        time_zone="Europe/Berlin",
        services=("systemd-timesyncd",),
        synchronized=True,
    )


def test_timesyncd_that_has_not_set_the_clock_yet() -> None:
    waiting = {path: node for path, node in FILES.items() if "timesync/" not in path}
    assert only(waiting).synchronized is False


def test_other_services_leave_synchronisation_unknown() -> None:
    stat = FILES["/proc/9/stat"]
    assert isinstance(stat, str)
    files = {**FILES, "/proc/9/stat": stat.replace("systemd-timesyn", "chronyd")}
    del files["/run/systemd/timesync/synchronized"]
    assert (only(files).services, only(files).synchronized) == (("chronyd",), None)


def test_time_of_this_host() -> None:
    record = run(SENSOR, LocalHost())[0][0]
    assert isinstance(record, TimeState)
    assert record.now is not None
    assert abs(record.now - time.time()) < 60
