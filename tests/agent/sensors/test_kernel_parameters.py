import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.kernel_parameters import PARAMETERS, SENSOR
from openinspector.model.inventory import KernelParameters
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost

FILES: Files = {
    "/proc/sys/kernel/randomize_va_space": "2\n",
    "/proc/sys/net/ipv4/ip_forward": "0\n",
    "/proc/sys/kernel/core_pattern": "|/usr/lib/crash --token=secret\n",
}


class TestKernelParameters(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_only_those_of_the_list_are_sent() -> None:
    assert run(SENSOR, FakeHost(FILES))[0] == [
        KernelParameters(values={"kernel.randomize_va_space": "2", "net.ipv4.ip_forward": "0"})
    ]


def test_the_list_is_in_order_and_names_nothing_twice() -> None:
    assert list(PARAMETERS) == sorted(set(PARAMETERS))
