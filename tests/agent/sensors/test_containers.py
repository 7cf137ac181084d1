import itertools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from openinspector.agent.collection.collection import collect_one
from openinspector.agent.host import FileStatus
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors import containers
from openinspector.agent.sensors.containers import SENSOR
from openinspector.model.inventory import ContainerRoot, SensorState, SensorStatus
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

ID = "a1" * 32
ROOT = "/proc/20/root"
FILES: Files = {
    "/proc/1/root": Node(link="/"),
    "/proc/20/cgroup": f"0::/system.slice/docker-{ID}.scope\n",
    f"{ROOT}/etc/os-release": 'ID=alpine\nVERSION_ID="3.19.0"\n',
    f"{ROOT}/lib/apk/db/installed": "P:musl\nV:1.2.4-r0\n\nP:busybox\nV:1.36-r0\n",
    "/proc/21/root": Node(link=ROOT),
    "/var/lib/dpkg/status": "Package: host\nVersion: 1\n",
}
ALPINE = ContainerRoot(process_id=20, container_id=ID, system="alpine:3.19.0", packages=2)


class TestContainers(SensorConformance):
    decorations = ("/proc/20/cgroup", "/proc/1/", "/proc/21/", "/var/lib/dpkg")

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_each_container_root_is_reported_once() -> None:
    assert run(SENSOR, FakeHost(FILES))[0] == [ALPINE]


def test_links_stay_inside_the_container() -> None:
    files: Files = {**FILES, f"{ROOT}/var/lib/dpkg/status": Node(link="/../../../var/lib/dpkg/status")}
    assert run(SENSOR, FakeHost(files))[0] == [ALPINE]


def test_an_empty_root_is_not_a_container() -> None:
    records, status = run(SENSOR, FakeHost({"/proc/1/root": Node(link="/"), "/proc/9/root/run/x": ""}))
    assert (records, status.state) == ([], SensorState.NOT_APPLICABLE)


def test_inaccessible_roots_are_counted() -> None:
    class Denied(FakeHost):
        def status(self, path: str) -> FileStatus:
            if path.startswith("/proc/20"):
                raise PermissionError(13, "Permission denied", path)
            return super().status(path)

    _, status = run(SENSOR, Denied({"/proc/20/comm": "x"}))
    assert status.state is SensorState.PARTIAL
    assert status.details == ("Processes whose root folder is not accessible: 1.",)


def test_number_of_roots_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_ROOTS", 2)
    files = {f"/proc/{number}/root/etc/os-release": "ID=x\n" for number in range(10, 20)}
    records, status = run(SENSOR, FakeHost(files))
    assert len(records) == 2
    assert status.details == ("Stopped after 2 root folders; processes have more.",)


def test_a_damaged_database_in_a_container_is_reported() -> None:
    records, status = run(SENSOR, FakeHost({**FILES, f"{ROOT}/lib/apk/db/installed": "x"}))
    assert [record.packages for record in records if isinstance(record, ContainerRoot)] == [0]
    assert status.details[0].startswith(f"In {ROOT}: Entries in /lib/apk/db/installed")


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and unshare")
def test_real_process_in_a_chroot(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for folder in ("old", "etc", "var/lib/dpkg"):
        (root / folder).mkdir(parents=True)
    (root / "etc/os-release").write_text("ID=made\nVERSION_ID=7\n")
    (root / "var/lib/dpkg/status").write_text("Package: a\nVersion: 1\n\nPackage: b\nVersion: 2\n")
    script = f"mount --bind {root} {root} && cd {root} && pivot_root . old && echo ready && read end"
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        if process.stdout.readline() != "ready\n":
            pytest.skip("no mount namespaces here")
        found = [record for record in run(SENSOR, LocalHost())[0] if isinstance(record, ContainerRoot)]
        process.stdin.close()
    ours = [record for record in found if record.process_id == process.pid]
    assert [(record.system, record.packages) for record in ours] == [("made:7", 2)]


def test_a_container_of_many_packages_does_not_outlast_the_time_limit() -> None:
    seconds = itertools.count()
    many = "".join(f"P:p{number}\nV:1\n\n" for number in range(1000))
    host = FakeHost({**FILES, f"{ROOT}/lib/apk/db/installed": many})
    *records, status = collect_one(SENSOR, host, lambda: float(next(seconds)))
    assert records == []
    assert isinstance(status, SensorStatus)
    assert status.state is SensorState.PARTIAL
    assert status.details == ("Stopped after 120 seconds; the host may have more.",)
    assert next(seconds) < 200
