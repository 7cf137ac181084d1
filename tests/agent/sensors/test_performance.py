import mmap
import os

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.performance import SENSOR
from openinspector.model.activity import ProcessPerformance, SystemPerformance
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost

FILES: Files = {
    "/proc/stat": "cpu  1000 200 300 40000 50 0 0\ncpu0 1 1 1 1 1\ncpu1 1 1 1 1 1\nbtime 1700000000\n",
    "/proc/meminfo": "MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable:  1024 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
    "/proc/loadavg": "0.50 1.25 2.00 1/200 4242\n",
    "/proc/uptime": "86400.25 1.00\n",
    "/proc/7/stat": "7 (cron) S 1 7 7 0 -1 4194560 0 0 0 0 150 50 0 0 20 0 3 0 500 1000000 250 1\n",
}


class TestPerformance(SensorConformance):
    decorations = ("/proc/7/",)

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_the_host_and_its_processes() -> None:
    records, _ = run(SENSOR, FakeHost(FILES))
    assert records == [
        SystemPerformance(
            processors=2,
            load_1=0.5,
            load_5=1.25,
            load_15=2.0,
            memory_bytes=2048 * 1024,
            memory_available_bytes=1024 * 1024,
            swap_bytes=0,
            swap_free_bytes=0,
            uptime_seconds=86400.25,
            busy_seconds=15.0,
            waiting_seconds=0.5,
            idle_seconds=400.0,
        ),
        ProcessPerformance(process_id=7, name="cron", cpu_seconds=2.0, resident_bytes=250 * mmap.PAGESIZE, threads=3),
    ]


def test_missing_values_are_none() -> None:
    records, status = run(SENSOR, FakeHost({"/proc/loadavg": "0.50 1.25 2.00 1/200 4242\n"}))
    assert records == [SystemPerformance(load_1=0.5, load_5=1.25, load_15=2.0)]
    assert status.state is SensorState.OK


def test_this_host_is_described() -> None:
    records, _ = run(SENSOR, LocalHost())
    system = records[0]
    assert isinstance(system, SystemPerformance)
    assert system.processors == os.cpu_count()
    assert system.memory_bytes
    assert abs(system.memory_bytes - os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) < 2**20
    own = next(r for r in records if isinstance(r, ProcessPerformance) and r.process_id == os.getpid())
    assert own.cpu_seconds <= sum(os.times()[:2]) + 0.1
    assert own.resident_bytes > 2**20
