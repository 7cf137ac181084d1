import shutil
import subprocess
from pathlib import Path

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.kernel_modules import SENSOR
from openinspector.model.configuration import KernelModule
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.living_system import unchanged
from openinspector.wire.telemetry import message_type

FILES: Files = {
    "/proc/modules": "vboxdrv 581632 2 vboxnetadp,vboxnetflt, Live 0xffffffffc0a00000 (OE)\n"
    "ext4 1011712 1 - Live 0xffffffffc0500000\n"
}


class TestKernelModules(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_modules_with_users_and_taints() -> None:
    records, _ = run(SENSOR, FakeHost(FILES))
    assert records == [
        KernelModule(name="vboxdrv", size=581632, used_by=("vboxnetadp", "vboxnetflt"), taints="OE"),
        KernelModule(name="ext4", size=1011712),
    ]
    assert message_type(records[0]) == "InspectorKernelModule"


def test_invalid_lines_are_counted() -> None:
    _, status = run(SENSOR, FakeHost({"/proc/modules": "ext4 big 1 -\nx\n"}))
    assert status.state is SensorState.PARTIAL
    assert "2" in status.details[0]


@pytest.mark.skipif(not Path("/proc/modules").exists(), reason="this kernel has no modules: no oracle")
def test_agrees_with_lsmod() -> None:
    lsmod = shutil.which("lsmod", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if lsmod is None:
        pytest.skip("lsmod is absent: no oracle")

    def listed() -> set[tuple[str, str]]:
        lines = subprocess.run([lsmod], capture_output=True, text=True, check=True).stdout.split("\n")[1:]
        return {(fields[0], fields[1]) for fields in (line.split() for line in lines) if fields}

    records, modules = unchanged(lambda: run(SENSOR, LocalHost())[0], listed)
    assert {(record.name, str(record.size)) for record in records if isinstance(record, KernelModule)} == modules
