import os
import shutil
import socket
import subprocess

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.connections import SENSOR
from openinspector.model.activity import ConnectionState, TcpConnection
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node
from openinspector.wire.telemetry import message_type

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
REST = "00000000:00000000 00:00000000 00000000     0        0"
LOOPBACK6 = "00000000000000000000000001000000"
FILES: Files = {
    "/proc/net/tcp": HEAD
    + f"   0: 00000000:0016 00000000:0000 0A {REST} 100 1 0\n"
    + f"   1: 0500000A:0016 0100000A:C000 01 {REST} 102 1 0\n"
    + f"   2: 0500000A:0016 0200000A:C001 06 {REST} 0 1 0\n",
    "/proc/net/tcp6": HEAD + f"   0: {LOOPBACK6}:0050 {LOOPBACK6}:C002 08 {REST} 103 1 0\n",
    "/proc/10/fd/3": Node(link="socket:[102]"),
    "/proc/10/exe": Node(link="/usr/sbin/sshd"),
    "/proc/10/comm": "sshd\n",
}


class TestConnections(SensorConformance):
    decorations = ("/proc/10/",)

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_connections_of_both_versions_with_their_processes() -> None:
    records, status = run(SENSOR, FakeHost(FILES))
    assert records == [
        TcpConnection(
            ip_version=4,
            state=ConnectionState.ESTABLISHED,
            local_address="10.0.0.5",
            local_port=22,
            remote_address="10.0.0.1",
            remote_port=49152,
            process_id=10,
            process_name="sshd",
        ),
        TcpConnection(
            ip_version=6,
            state=ConnectionState.CLOSE_WAIT,
            local_address="::1",
            local_port=80,
            remote_address="::1",
            remote_port=49154,
        ),
    ]
    assert status.state is SensorState.OK
    assert [message_type(record) for record in records] == ["InspectorTcpV4Connection", "InspectorTcpV6Connection"]


def test_connections_above_the_limit_are_counted() -> None:
    line = f"   1: 0500000A:0016 0100000A:C000 01 {REST} 0 1 0\n"
    records, status = run(SENSOR, FakeHost({"/proc/net/tcp": HEAD + line * 5001}))
    assert len(records) == 5000
    assert status.state is SensorState.PARTIAL
    assert "5001 connections" in status.details[0]


def test_without_root_other_processes_are_counted() -> None:
    hidden: Files = {**FILES, "/proc/10/fd": Node(is_directory=True, mode=0o500)}
    _, status = run(SENSOR, FakeHost(hidden, FakeSystem(is_root=False)))
    assert status.state is SensorState.PARTIAL
    assert "2 connections" in status.details[0]


def test_agrees_with_ss() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, server.accept()[0]:
            own = client.getsockname()[1]
            records, _ = run(SENSOR, LocalHost())
            if len(records) == 5000:
                pytest.skip("this host has more connections than are sent")
            found = [r for r in records if isinstance(r, TcpConnection) and r.local_port == own]
            assert [(r.remote_port, r.state, r.process_id) for r in found] == [
                (port, ConnectionState.ESTABLISHED, os.getpid())
            ]
            ss = shutil.which("ss")
            if ss:
                reported = subprocess.run(
                    [ss, "-Htn", f"sport = {own}"], capture_output=True, text=True, check=True
                ).stdout
                assert reported.split()[:5:3] == ["ESTAB", f"127.0.0.1:{own}"]
