import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.file_attributes import SENSOR
from openinspector.model.hardening import FileAttributes, FileKind
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

PASSWD = "root:x:0:0:root:/root:/bin/bash\n"
GROUP = "root:x:0:\nshadow:x:42:\n"


class TestFileAttributes(SensorConformance):
    decorations = ("/etc/passwd", "/etc/group", "/etc/shells")

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {"/etc/shells": "/bin/sh\n"}


def test_owner_and_mode_but_never_content() -> None:
    host = FakeHost(
        {"/etc/passwd": PASSWD, "/etc/group": GROUP, "/etc/shadow": Node(content=b"root:$6$x$y:::", mode=0o640, gid=42)}
    )
    records = {record.path: record for record in run(SENSOR, host)[0] if isinstance(record, FileAttributes)}
    assert records["/etc/shadow"] == FileAttributes(
        path="/etc/shadow", kind=FileKind.FILE, mode=0o640, uid=0, gid=42, owner="root", group="shadow"
    )
    assert "/etc/shadow" not in host.reads


def test_folders_and_patterns() -> None:
    host = FakeHost({"/etc/ssh/sshd_config.d/a.conf": "x", "/var/log/syslog": "x", "/var/log/apt/term.log": "x"})
    paths = [record.path for record in run(SENSOR, host)[0] if isinstance(record, FileAttributes)]
    assert {
        "/etc/ssh/sshd_config.d",
        "/etc/ssh/sshd_config.d/a.conf",
        "/var/log/syslog",
        "/var/log/apt/term.log",
    } <= set(paths)
    assert len(paths) == len(set(paths))
