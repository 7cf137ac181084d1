import os
import socket

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.listening_ports import SENSOR
from openinspector.model.inventory import ListeningPort, SensorState, TransportProtocol
from openinspector.model.record import Record
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
REST = "00000000:00000000 00:00000000 00000000     0        0"
ANY6 = "0" * 32
LOOPBACK6 = "00000000000000000000000001000000"
FILES: Files = {
    "/proc/net/tcp": HEAD
    + f"   0: 00000000:0016 00000000:0000 0A {REST} 100 1 0\n"
    + f"   1: 0100007F:0050 00000000:0000 0A {REST} 101 1 0\n"
    + f"   2: 0500000A:0016 0100000A:C000 01 {REST} 102 1 0\n",
    "/proc/net/tcp6": HEAD + f"   0: {ANY6}:0016 {ANY6}:0000 0A {REST} 103 1 0\n",
    "/proc/net/udp": HEAD
    + f"   0: 00000000:0044 00000000:0000 07 {REST} 104 2 0\n"
    + f"   1: 0500000A:C001 08080808:0035 01 {REST} 105 2 0\n",
    "/proc/net/udp6": HEAD + f"   0: {LOOPBACK6}:007B {ANY6}:0000 07 {REST} 106 2 0\n",
    "/proc/10/fd/0": Node(link="/dev/null"),
    "/proc/10/fd/3": Node(link="socket:[100]"),
    "/proc/10/fd/4": Node(link="socket:[103]"),
    "/proc/10/exe": Node(link="/usr/sbin/sshd"),
    "/proc/10/comm": "sshd\n",
    "/proc/20/fd/3": Node(link="socket:[100]"),
    "/proc/30/fd/7": Node(link="socket:[101]"),
    "/proc/30/exe": Node(link="/usr/bin/nginx (deleted)"),
    "/proc/30/comm": "nginx\n",
    "/proc/40/fd/3": Node(link="socket:[104]"),
    "/proc/40/exe": Node(link="/opt/dhclient"),
    "/proc/40/fd/5": Node(link="socket:[106]"),
    "/proc/sys/kernel/x": "",
    "/var/lib/dpkg/info/openssh-server.list": "/.\n/usr\n/usr/sbin\n/usr/sbin/sshd\n",
    "/var/lib/dpkg/info/nginx-core:amd64.list": "/.\n/bin\n/bin/nginx\n",
}


class TestListeningPorts(SensorConformance):
    decorations = ("/proc/10/", "/proc/20/", "/proc/30/", "/proc/40/", "/var/lib/dpkg/info/")

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def port(
    transport: TransportProtocol, version: int, address: str, number: int, process: tuple[int, str, str, str]
) -> Record:
    return ListeningPort(
        transport=transport,
        ip_version=version,
        address=address,
        port=number,
        process_id=process[0],
        process_name=process[1],
        process_path=process[2],
        package=process[3],
    )


def test_ports_with_processes_and_packages() -> None:
    sshd = (10, "sshd", "/usr/sbin/sshd", "openssh-server")
    dhclient = (40, "dhclient", "/opt/dhclient", "")
    records, status = run(SENSOR, FakeHost(FILES))
    assert records == [
        port(TransportProtocol.TCP, 4, "0.0.0.0", 22, sshd),
        port(TransportProtocol.TCP, 4, "127.0.0.1", 80, (30, "nginx", "/usr/bin/nginx", "nginx-core")),
        port(TransportProtocol.TCP, 6, "::", 22, sshd),
        port(TransportProtocol.UDP, 4, "0.0.0.0", 68, dhclient),
        port(TransportProtocol.UDP, 6, "::1", 123, dhclient),
    ]
    assert status.state is SensorState.OK


def test_without_root_other_processes_are_counted() -> None:
    hidden = {
        path: Node(link=node.link, mode=0o700) if isinstance(node, Node) else node for path, node in FILES.items()
    }
    hidden |= {f"/proc/{process}/fd": Node(is_directory=True, mode=0o500) for process in (10, 20, 30, 40)}
    records, status = run(SENSOR, FakeHost(hidden, FakeSystem(is_root=False)))
    assert len(records) == 5
    assert all(isinstance(record, ListeningPort) and record.process_id is None for record in records)
    assert status.state is SensorState.PARTIAL
    assert "4 processes" in status.details[0]
    assert "5 ports" in status.details[0]


def test_kernel_socket_has_no_process() -> None:
    records, status = run(SENSOR, FakeHost({"/proc/net/udp": FILES["/proc/net/udp"]}))
    assert [type(record) for record in records] == [ListeningPort]
    assert status.state is SensorState.OK


def test_open_port_of_this_process_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        records, _ = run(SENSOR, LocalHost())
        ports = {(r.transport, r.port): r for r in records if isinstance(r, ListeningPort) and r.address == "127.0.0.1"}
        assert ports[TransportProtocol.TCP, server.getsockname()[1]].process_id == os.getpid()
        assert ports[TransportProtocol.UDP, bound.getsockname()[1]].process_id == os.getpid()


def test_socket_activated_port_belongs_to_its_service() -> None:
    files: Files = {
        **{path: node for path, node in FILES.items() if path != "/proc/40/fd/3"},
        "/proc/1/exe": Node(link="/usr/lib/systemd/systemd"),
        "/proc/1/comm": "systemd\n",
        "/proc/1/fd/40": Node(link="socket:[100]"),
        "/proc/1/fd/41": Node(link="socket:[104]"),
    }
    found = [record for record in run(SENSOR, FakeHost(files))[0] if isinstance(record, ListeningPort)]
    by_port = {(record.transport, record.ip_version, record.port): record.process_name for record in found}
    assert by_port[TransportProtocol.TCP, 4, 0x16] == "sshd"
    assert by_port[TransportProtocol.UDP, 4, 0x44] == "systemd", "nobody has come yet"
