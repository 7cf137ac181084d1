import shutil
import subprocess
from collections.abc import Mapping

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.kernel_parameters import MAX_PARAMETERS, SENSOR
from openinspector.model.inventory import KernelParameters, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node
from openinspector.testing.living_system import unchanged

FILES: Files = {
    "/proc/sys/kernel/randomize_va_space": "2\n",
    "/proc/sys/net/ipv4/ip_forward": "0\n",
    "/proc/sys/net/ipv4/conf/all/rp_filter": "1\n",
    "/proc/sys/net/ipv4/tcp_rmem": "4096\t131072\t6291456\n",
}
LEFT_OUT: Files = {
    "/proc/sys/kernel/random/uuid": "changes\n",
    "/proc/sys/kernel/ns_last_pid": "7\n",
    "/proc/sys/net/ipv4/conf/eth0/rp_filter": "0\n",
    "/proc/sys/net/ipv4/tcp_fastopen_key": "secret\n",
    "/proc/sys/net/ipv6/conf/default/stable_secret": "secret\n",
    "/proc/sys/vm/drop_caches": Node(content=b"0\n", mode=0o200),
}


class TestKernelParameters(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_secrets_counters_and_single_interfaces_are_left_out() -> None:
    records, status = run(SENSOR, FakeHost({**FILES, **LEFT_OUT}))
    assert records == [
        KernelParameters(
            values={
                "kernel.randomize_va_space": "2",
                "net.ipv4.conf.all.rp_filter": "1",
                "net.ipv4.ip_forward": "0",
                "net.ipv4.tcp_rmem": "4096 131072 6291456",
            }
        )
    ]
    assert status.state is SensorState.OK


def test_arguments_of_programs_the_kernel_starts_stay_on_the_host() -> None:
    records, _ = run(SENSOR, FakeHost({"/proc/sys/kernel/core_pattern": "|/usr/lib/crash --token=secret %p\n"}))
    assert records == [KernelParameters(values={"kernel.core_pattern": "|/usr/lib/crash (not sent)"})]


def test_parameters_are_bounded() -> None:
    records, status = run(SENSOR, FakeHost({f"/proc/sys/vm/n{n}": "1\n" for n in range(MAX_PARAMETERS + 1)}))
    assert isinstance(records[0], KernelParameters)
    assert len(records[0].values) == MAX_PARAMETERS
    assert status.state is SensorState.PARTIAL


def test_agrees_with_sysctl() -> None:
    sysctl = shutil.which("sysctl", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if sysctl is None:
        pytest.skip("sysctl is absent: no oracle")

    def listed() -> dict[str, str]:
        output = subprocess.run([sysctl, "-a"], capture_output=True, text=True, check=False).stdout
        rows = (line.partition("=") for line in output.split("\n"))
        return stable({name.strip(): " ".join(value.split()) for name, _, value in rows})

    (record, *_), theirs = unchanged(lambda: run(SENSOR, LocalHost())[0], listed)
    assert isinstance(record, KernelParameters)
    ours = stable(record.values)
    assert len(ours) > 50
    assert ours == {name: theirs.get(name) for name in ours}


def stable(values: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that the kernel does not change by itself."""
    chosen = ("net.ipv4.", "fs.protected", "kernel.randomize")
    return {name: value for name, value in values.items() if name.startswith(chosen)}
