import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.system_directories import SENSOR
from openinspector.model.inventory import DirectoryMode, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

FILES: Files = {
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n",
    "/etc/group": "root:x:0:\nstaff:x:50:\n",
    "/bin": Node(link="usr/bin"),
    "/usr/bin": Node(is_directory=True, mode=0o755),
    "/usr/bin/ls": Node(mode=0o755),
    "/usr/bin/open": Node(mode=0o777),
    "/usr/bin/hers": Node(mode=0o755, uid=1000, gid=1000),
    "/usr/local/bin": Node(is_directory=True, mode=0o2775, gid=50),
    "/usr/local/bin/spool": Node(is_directory=True, mode=0o1777),
    "/etc/cron.d": Node(is_directory=True, mode=0o755),
    "/etc/cron.d/job": Node(mode=0o664, gid=50),
    "/etc/systemd/system/masked.service": Node(link="/dev/null"),
    "/dev/null": Node(is_device=True, mode=0o666),
    "/usr/lib/deep": Node(is_directory=True, mode=0o755),
    "/usr/lib/deep/open": Node(mode=0o666),
}


class TestSystemDirectories(SensorConformance):
    decorations = ("/",)

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def mode(path: str, bits: int, uid: int = 0, gid: int = 0) -> DirectoryMode:
    owners = {0: "root", 1000: "alice"}
    groups = {0: "root", 50: "staff", 1000: ""}
    return DirectoryMode(path=path, mode=bits, uid=uid, gid=gid, owner=owners[uid], group=groups[gid])


def test_directories_and_entries_writable_by_others() -> None:
    assert run(SENSOR, FakeHost(FILES))[0] == [
        mode("/usr/bin", 0o755),
        mode("/usr/bin/hers", 0o755, 1000, 1000),
        mode("/usr/bin/open", 0o777),
        mode("/usr/lib", 0o755),
        mode("/usr/local/bin", 0o2775, 0, 50),
        mode("/usr/local/bin/spool", 0o1777),
        mode("/etc", 0o755),
        mode("/etc/cron.d/job", 0o664, 0, 50),
    ]


def test_service_account_may_own_its_configuration_in_etc() -> None:
    files: Files = {
        "/etc/service/own.conf": Node(uid=110),
        "/etc/service/shared.conf": Node(uid=110, mode=0o664),
        "/etc/hers": Node(uid=1000, gid=1000),
        "/usr/bin/own": Node(uid=110, mode=0o755),
    }
    paths = [record.path for record in run(SENSOR, FakeHost(files))[0] if isinstance(record, DirectoryMode)]
    assert paths == ["/usr/bin", "/usr/bin/own", "/etc", "/etc/hers", "/etc/service/shared.conf"]


def test_unreadable_folder_is_reported() -> None:
    files = {**FILES, "/usr/local/bin": Node(is_directory=True, mode=0o700, unreadable=True)}
    records, status = run(SENSOR, FakeHost(files))
    assert mode("/usr/local/bin", 0o700) in records
    assert status.state is SensorState.PARTIAL
    assert "/usr/local/bin could not be read" in status.details[0]


def test_link_cycles_in_etc_terminate() -> None:
    files: Files = {"/etc/a/b": Node(mode=0o666), "/etc/a/back": Node(link="..")}
    paths = [record.path for record in run(SENSOR, FakeHost(files))[0] if isinstance(record, DirectoryMode)]
    assert paths == ["/etc", "/etc/a/b"]


def test_link_into_proc_is_ignored() -> None:
    files: Files = {"/etc/mtab": Node(link="../proc/self/mounts"), "/proc/self/mounts": Node(uid=1000, gid=1000)}
    paths = [record.path for record in run(SENSOR, FakeHost(files))[0] if isinstance(record, DirectoryMode)]
    assert paths == ["/etc"]
