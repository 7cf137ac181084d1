import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors import processes
from openinspector.agent.sensors.processes import SENSOR
from openinspector.model.activity import CodeModule, ImageState, OutdatedImage, Process
from openinspector.model.inventory import SensorState
from openinspector.model.record import Record
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node
from openinspector.wire.telemetry import message_type

EXECUTABLE = "00400000-00401000 r-xp 00000000 08:01 11 "
DATA = "00500000-00501000 rw-p 00000000 08:01 11 "


def stat(process: int, name: str, parent: int, *, flags: int = 0x400100, start: int = 500) -> str:
    times = "0 0 0 0 70 30 0 0 20 0 3 0"
    return f"{process} ({name}) S {parent} 1 1 0 -1 {flags} {times} {start} 1000000 250 18446744073709551615\n"


FILES: Files = {
    "/proc/stat": "cpu  1 2 3 4 5\nbtime 1700000000\n",
    "/proc/1/stat": stat(1, "systemd", 0),
    "/proc/1/status": "Name:\tsystemd\nUid:\t0\t0\t0\t0\n",
    "/proc/1/exe": Node(link="/usr/lib/systemd/systemd"),
    "/proc/1/root": Node(link="/"),
    "/proc/1/maps": f"{EXECUTABLE}/usr/lib/systemd/systemd\n{EXECUTABLE}/usr/lib/libc.so.6\n{DATA}/usr/lib/libz.so\n",
    "/proc/2/stat": stat(2, "kthreadd", 0, flags=0x208040),
    "/proc/10/stat": stat(10, "nginx: (a) b", 1),
    "/proc/10/status": "Name:\tnginx\nUid:\t33\t34\t33\t33\n",
    "/proc/10/exe": Node(link="/usr/sbin/nginx (deleted)"),
    "/proc/10/root": Node(link="/"),
    "/proc/10/maps": f"{EXECUTABLE}/usr/sbin/nginx (deleted)\n{EXECUTABLE}/usr/lib/libc.so.6 (deleted)\n"
    f"{EXECUTABLE}/usr/lib/libgone.so (deleted)\n{EXECUTABLE}/dev/zero (deleted)\n{EXECUTABLE}[stack]\n",
    "/proc/11/stat": stat(11, "nginx", 10, flags=0x400140, start=1600),
    "/proc/11/status": "Name:\tnginx\nUid:\t33\t33\t33\t33\n",
    "/proc/11/exe": Node(link="/usr/sbin/nginx (deleted)"),
    "/proc/11/root": Node(link="/"),
    "/proc/11/maps": f"{EXECUTABLE}/usr/sbin/nginx (deleted)\n",
    "/proc/20/stat": stat(20, "app", 1),
    "/proc/20/status": "Uid:\t1000\t1000\t1000\t1000\n",
    "/proc/20/exe": Node(link="/usr/lib/app"),
    "/proc/20/root": Node(link="/containers/one"),
    "/proc/20/maps": f"{EXECUTABLE}/usr/lib/libc.so.6 (deleted)\n",
    "/containers/one/usr/lib/libc.so.6": "another",
    "/usr/sbin/nginx": "new",
    "/usr/lib/libc.so.6": "new",
    "/var/lib/dpkg/info/libc6:amd64.list": "/.\n/usr/lib/libc.so.6\n",
    "/var/lib/dpkg/info/nginx.list": "/.\n/usr/sbin/nginx\n",
}


class TestProcesses(SensorConformance):
    decorations = ("/proc/", "/var/lib/dpkg/info/", "/usr/", "/containers/")

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def find(records: list[Record], process: int) -> Process:
    return next(record for record in records if isinstance(record, Process) and record.process_id == process)


def test_processes_with_owners_and_program_state() -> None:
    records, status = run(SENSOR, FakeHost(FILES))
    assert status.state is SensorState.OK
    assert [record.process_id for record in records if isinstance(record, Process)] == [1, 10, 11, 20]
    assert find(records, 1) == Process(
        process_id=1,
        parent_id=0,
        uid=0,
        name="systemd",
        path="/usr/lib/systemd/systemd",
        state=ImageState.CURRENT,
        started_at=1700000005,
    )
    assert find(records, 10) == Process(
        process_id=10,
        parent_id=1,
        uid=34,
        name="nginx: (a) b",
        path="/usr/sbin/nginx",
        package="nginx",
        state=ImageState.REPLACED,
        started_at=1700000005,
        executable_stack=True,
    )


def test_a_fork_is_a_duplicate_until_it_runs_another_program() -> None:
    records, _ = run(SENSOR, FakeHost(FILES))
    assert message_type(find(records, 10)) == "InspectorCreateProcess"
    assert message_type(find(records, 11)) == "InspectorDuplicateProcess"
    assert find(records, 11).started_at == 1700000016


def test_modules_are_sent_once_with_their_processes() -> None:
    records, _ = run(SENSOR, FakeHost(FILES))
    modules = [record for record in records if isinstance(record, CodeModule) and not record.contained]
    assert modules == [
        CodeModule(path="/usr/lib/libc.so.6", package="libc6", processes=1, process_ids=(1,)),
        CodeModule(
            path="/usr/lib/libc.so.6", package="libc6", state=ImageState.REPLACED, processes=1, process_ids=(10,)
        ),
        CodeModule(path="/usr/lib/libgone.so", state=ImageState.DELETED, processes=1, process_ids=(10,)),
    ]


def test_outdated_images_in_memory_are_reported() -> None:
    records, _ = run(SENSOR, FakeHost(FILES))
    outdated = [record for record in records if isinstance(record, OutdatedImage)]
    assert [(record.process_id, record.path, record.package, record.state) for record in outdated] == [
        (10, "/usr/lib/libc.so.6", "libc6", ImageState.REPLACED),
        (10, "/usr/lib/libgone.so", "", ImageState.DELETED),
        (10, "/usr/sbin/nginx", "nginx", ImageState.REPLACED),
        (11, "/usr/sbin/nginx", "nginx", ImageState.REPLACED),
        (20, "/usr/lib/libc.so.6", "", ImageState.REPLACED),
    ]


def test_container_programs_have_no_host_package() -> None:
    records, _ = run(SENSOR, FakeHost(FILES))
    assert find(records, 20).contained
    contained = [record for record in records if isinstance(record, CodeModule) and record.contained]
    assert [(record.path, record.package) for record in contained] == [("/usr/lib/libc.so.6", "")]


def test_hidden_processes_are_counted() -> None:
    hidden = {**FILES, "/proc/10/exe": Node(link="/x", unreadable=True), "/proc/20/maps": Node(unreadable=True)}
    records, status = run(SENSOR, FakeHost(hidden))
    assert (find(records, 10).path, find(records, 10).state) == ("", None)
    assert status.state is SensorState.PARTIAL
    assert "2 processes" in status.details[0]


def test_ids_of_a_module_are_bounded_and_all_are_counted() -> None:
    many = {}
    for process in range(100, 200):
        many[f"/proc/{process}/stat"] = stat(process, "x", 1)
        many[f"/proc/{process}/maps"] = f"{EXECUTABLE}/usr/lib/libc.so.6\n"
    records, _ = run(SENSOR, FakeHost(many, FakeSystem()))
    module = next(record for record in records if isinstance(record, CodeModule))
    assert (module.processes, len(module.process_ids)) == (100, processes.MAX_IDS)


def test_neither_arguments_nor_environment_are_read() -> None:
    host = FakeHost({**FILES, "/proc/10/cmdline": "nginx\0--secret", "/proc/10/environ": "TOKEN=x"})
    run(SENSOR, host)
    assert not [path for path in host.reads if path.endswith(("cmdline", "environ", "mem"))]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc")
def test_replaced_program_of_a_live_process_is_detected(tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([str(program), "600"]) as child:
        try:
            program.unlink()
            assert find(run(SENSOR, LocalHost())[0], child.pid).state is ImageState.DELETED
            program.write_text("new")
            records, _ = run(SENSOR, LocalHost())
            assert find(records, child.pid).state is ImageState.REPLACED
            assert any(isinstance(r, OutdatedImage) and r.process_id == child.pid for r in records)
        finally:
            child.kill()


def test_agrees_with_ps() -> None:
    ps = shutil.which("ps")
    if ps is None:
        pytest.skip("ps is absent: no oracle")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        output = subprocess.run(
            [ps, "-o", "ppid=,uid=,comm=", "-p", str(child.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        found = find(run(SENSOR, LocalHost())[0], child.pid)
        with contextlib.suppress(BrokenPipeError):
            child.communicate(b"\n")
    assert [str(found.parent_id), str(found.uid), found.name] == output
    assert found.parent_id == os.getpid()
    assert found.path == os.path.realpath(sys.executable)


@pytest.mark.parametrize(
    ("groups", "unit"),
    [
        ("0::/system.slice/ssh.service\n", "ssh.service"),
        ("0::/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service"),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service\n", "user@1000.service"),
        ("0::/user.slice/user-0.slice/session-3.scope\n", "session-3.scope"),
        ("0::/system.slice/podman.service/libpod\n", "podman.service"),
        ("12:pids:/x.service\n1:name=systemd:/system.slice/cron.service\n", "cron.service"),
        ("0::/\n", ""),
        ("0::/system.slice/a b;c.service\n", ""),
        ("1:name=systemd:/system.slice/cron.service\n0::/\n", "cron.service"),
        ("0::/\n1:name=systemd:/system.slice/cron.service\n", "cron.service"),
        ("0::/system.slice\n1:cpu:/x.service\n", ""),
        ("", ""),
    ],
)
def test_the_systemd_unit_of_a_process(groups: str, unit: str) -> None:
    records, _ = run(SENSOR, FakeHost({**FILES, "/proc/1/cgroup": groups}))
    (init,) = (record for record in records if isinstance(record, Process) and record.process_id == 1)
    assert init.unit == unit
