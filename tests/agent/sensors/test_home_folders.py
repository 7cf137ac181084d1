import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.home_folders import SENSOR
from openinspector.model.hardening import HomeFile, HomeFolder
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

PASSWD = """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1::/usr/sbin:/usr/sbin/nologin
alice:x:1000:1000::/home/alice:/bin/bash
bob:x:1001:1001::/home/bob:/bin/bash
nobody:x:65534:65534::/nonexistent:/bin/sh
"""


class TestHomeFolders(SensorConformance):
    decorations = ("/root/.bashrc",)
    """Only attributes are read: a file that refuses to be read changes none."""

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {"/etc/passwd": PASSWD, "/root/.bashrc": "umask 077\n"}


def test_folders_of_people_and_root_with_their_dot_files() -> None:
    host = FakeHost(
        {
            "/etc/passwd": PASSWD,
            "/root/.bashrc": Node(content=b"export TOKEN=hunter2", mode=0o600),
            "/home/alice": Node(is_directory=True, mode=0o750, uid=1000, gid=1000),
            "/home/alice/.netrc": Node(content=b"password hunter2", mode=0o644, uid=1000, gid=1000),
            "/home/alice/notes": "x",
        }
    )
    records = run(SENSOR, host)[0]
    assert records == [
        HomeFolder(
            user="root",
            path="/root",
            exists=True,
            mode=0o755,
            uid=0,
            gid=0,
            files=(HomeFile(name=".bashrc", mode=0o600, uid=0, gid=0),),
        ),
        HomeFolder(
            user="alice",
            path="/home/alice",
            exists=True,
            mode=0o750,
            uid=1000,
            gid=1000,
            files=(HomeFile(name=".netrc", mode=0o644, uid=1000, gid=1000),),
        ),
        HomeFolder(user="bob", path="/home/bob", exists=False),
    ]
    assert host.reads == ["/etc/passwd"]
