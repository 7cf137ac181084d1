import pytest

from openinspector.agent.host import InterfaceAddress
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.network_interfaces import SENSOR
from openinspector.model.inventory import NetworkInterface, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node

FILES: Files = {
    "/sys/devices/eth0/address": "02:00:00:00:00:01\n",
    "/sys/devices/eth0/flags": "0x1003\n",
    "/sys/devices/eth1/address": "02:00:00:00:00:02\n",
    "/sys/devices/eth1/flags": "0x1002\n",
    "/sys/devices/lo/address": "00:00:00:00:00:00\n",
    "/sys/devices/lo/flags": "0x9\n",
    **{f"/sys/class/net/{name}": Node(link=f"../../devices/{name}") for name in ("eth0", "eth1", "lo")},
    "/sys/class/net/bonding_masters": "",
}
SYSTEM = FakeSystem(
    addresses=(
        InterfaceAddress(interface="lo", ip_version=4, address="127.0.0.1"),
        InterfaceAddress(interface="eth0", ip_version=4, address="10.0.0.5"),
        InterfaceAddress(interface="eth0", ip_version=4, address="10.0.0.6"),
        InterfaceAddress(interface="eth0", ip_version=6, address="fe80::1"),
    )
)


class TestNetworkInterfaces(SensorConformance):
    decorations = ("/sys/",)

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES

    @pytest.fixture
    def system(self) -> FakeSystem:
        return SYSTEM


def test_addresses_and_state() -> None:
    assert run(SENSOR, FakeHost(FILES, SYSTEM))[0] == [
        NetworkInterface(name="eth0", mac="02:00:00:00:00:01", ipv4=("10.0.0.5", "10.0.0.6"), ipv6=("fe80::1",)),
        NetworkInterface(name="eth1", mac="02:00:00:00:00:02", up=False),
        NetworkInterface(name="lo", ipv4=("127.0.0.1",)),
    ]


def test_addresses_are_reported_without_sysfs() -> None:
    records, status = run(SENSOR, FakeHost({}, SYSTEM))
    assert [record.name for record in records if isinstance(record, NetworkInterface)] == ["eth0", "lo"]
    assert status.state is SensorState.OK


def test_this_machine_has_a_loopback() -> None:
    records, _ = run(SENSOR, LocalHost())
    interfaces = {record.name: record for record in records if isinstance(record, NetworkInterface)}
    assert "127.0.0.1" in interfaces["lo"].ipv4
