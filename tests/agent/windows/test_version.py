from pathlib import Path

import pytest

from openinspector.agent.collection.description import describe
from openinspector.agent.host import InterfaceAddress
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.registry import sensors
from openinspector.agent.windows.version import (
    CONTROL,
    CURRENT_VERSION,
    TCPIP_INTERFACES,
    read_windows_version,
    windows_addresses,
)
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import run
from openinspector.testing.fake_host import FakeHost, FakeSystem
from openinspector.testing.windows_documents import SERVER_2022, Keys, recorded_windows
from openinspector.testing.windows_hive import render_hive

IPV4, IPV6 = TCPIP_INTERFACES
WINDOWS = FakeSystem(uname=("WIN-EXAMPLE", "", "10.0.20348.2031", "x86_64"))


def test_addresses_by_hand_and_by_dhcp() -> None:
    keys: Keys = {
        rf"{IPV4}\{{a}}": {"IPAddress": ("10.0.2.15", "10.0.2.16"), "DhcpIPAddress": "0.0.0.0"},
        rf"{IPV4}\{{b}}": {"DhcpIPAddress": "192.0.2.7"},
        rf"{IPV4}\{{c}}": {"IPAddress": "not a list", "DhcpIPAddress": "nonsense"},
        rf"{IPV6}\{{a}}": {"IPAddress": ("2001:db8::1",)},
    }
    assert list(windows_addresses(FakeHost(recorded_windows(keys)))) == [
        InterfaceAddress(interface="{a}", ip_version=4, address="10.0.2.15"),
        InterfaceAddress(interface="{a}", ip_version=4, address="10.0.2.16"),
        InterfaceAddress(interface="{b}", ip_version=4, address="192.0.2.7"),
        InterfaceAddress(interface="{a}", ip_version=6, address="2001:db8::1"),
    ]


def test_heartbeats_name_the_windows_version() -> None:
    found = describe(FakeHost(recorded_windows({}), WINDOWS))
    assert (found.hostname, found.operating_system) == ("WIN-EXAMPLE", "Windows Server 2022 Standard")
    assert (found.distribution, found.kernel_version) == ("windows:10.0.20348", "10.0.20348.2031")


@pytest.mark.parametrize("name", [name for name in sensors() if not name.startswith("windows_")])
def test_sensors_for_linux_find_nothing_on_windows(name: str) -> None:
    records, status = run(sensors()[name], FakeHost(recorded_windows({}), WINDOWS))
    assert (records, status.state) == ([], SensorState.NOT_APPLICABLE), status.details


@pytest.mark.parametrize("name", [name for name in sensors() if name.startswith("windows_")])
def test_sensors_for_windows_find_nothing_on_this_linux(name: str) -> None:
    records, status = run(sensors()[name], LocalHost())
    assert (records, status.state) == ([], SensorState.NOT_APPLICABLE), status.details


def test_a_mounted_disk_is_read_through_its_exports(tmp_path: Path) -> None:
    for path, content in recorded_windows({}).items():
        file = tmp_path / path.removeprefix("C:/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    assert read_windows_version(LocalHost(str(tmp_path))).version_id == "10.0.20348"


def test_a_mounted_disk_is_read_through_its_hives(tmp_path: Path) -> None:
    config = tmp_path / "Windows/System32/config"
    config.mkdir(parents=True)
    control = SERVER_2022[rf"{CONTROL}\Session Manager\Environment"]
    (config / "SOFTWARE").write_bytes(
        render_hive({r"Microsoft\Windows NT\CurrentVersion": SERVER_2022[CURRENT_VERSION]})
    )
    (config / "SYSTEM").write_bytes(
        render_hive({"Select": {"Current": 2}, r"ControlSet002\Control\Session Manager\Environment": control})
    )
    found = read_windows_version(LocalHost(str(tmp_path)))
    assert (found.kernel_version, found.architecture) == ("10.0.20348.2031", "x86_64")


@pytest.mark.parametrize("hive", [b"regf", render_hive({}, closed=False)], ids=["damaged", "not closed"])
def test_damaged_hive_is_reported(tmp_path: Path, hive: bytes) -> None:
    config = tmp_path / "Windows/System32/config"
    config.mkdir(parents=True)
    (config / "SOFTWARE").write_bytes(hive)
    records, status = run(sensors()["windows_os"], LocalHost(str(tmp_path)))
    assert (records, status.state) == ([], SensorState.PARTIAL)
    assert "hive" in status.details[0]


def test_a_mounted_linux_is_not_windows(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LocalHost(str(tmp_path)).registry_key(CURRENT_VERSION)
