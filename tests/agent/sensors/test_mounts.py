import json
import shutil
import subprocess
from pathlib import Path

import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.mounts import SENSOR, parse
from openinspector.model.configuration import Mount
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

LINES = (
    "22 27 0:21 / /proc rw,nosuid,relatime shared:5 master:1 - proc proc rw\n"
    "30 22 8:1 /sub /mnt/a\\040b ro,relatime - ext4 /dev/sda1 rw,errors=remount-ro\n"
)
FILES: Files = {"/proc/1/mountinfo": LINES}


class TestMounts(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_mounts_with_their_options() -> None:
    records, _ = run(SENSOR, FakeHost(FILES))
    assert records == [
        Mount(path="/proc", type="proc", source="proc", options=("rw", "nosuid", "relatime")),
        Mount(
            path="/mnt/a b",
            type="ext4",
            source="/dev/sda1",
            root="/sub",
            options=("ro", "relatime", "rw", "errors=remount-ro"),
        ),
    ]


def test_credentials_stay_on_the_host() -> None:
    lines = (
        "31 22 0:50 / /share rw - cifs //ann:hunter2@nas/share rw,username=ann,password=hunter2,vers=3\n"
        "32 22 0:51 / /dav rw - fuse https://ann:hunter2@dav.example/x rw,secret_key=hunter2\n"
    )
    records, _ = run(SENSOR, FakeHost({"/proc/1/mountinfo": lines}))
    assert "hunter2" not in str(records)
    assert isinstance(records[0], Mount)
    assert records[0].options == ("rw", "username=ann", "password=(not sent)", "vers=3")
    assert records[0].source == "//(not sent)@nas/share"


def test_falls_back_to_own_mount_table_and_reports_it() -> None:
    files: Files = {"/proc/1/mountinfo": Node(unreadable=True), "/proc/self/mountinfo": LINES}
    records, status = run(SENSOR, FakeHost(files))
    assert len(records) == 2
    assert status.state is SensorState.PARTIAL


def test_agrees_with_findmnt(tmp_path: Path) -> None:
    """Both read a copy of this host's table: file systems come and go while other tests run."""
    findmnt = shutil.which("findmnt")
    if findmnt is None:
        pytest.skip("findmnt is absent: no oracle")
    table = tmp_path / "mountinfo"
    table.write_bytes(Path("/proc/self/mountinfo").read_bytes())
    command = [findmnt, "--kernel", "--tab-file", str(table), "--json", "--list", "-o", "TARGET,FSTYPE"]
    listed = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    records, _ = run(SENSOR, FakeHost({"/proc/1/mountinfo": table.read_bytes()}))
    ours = {(record.path, record.type) for record in records if isinstance(record, Mount)}
    assert ours == {(entry["target"], entry["fstype"]) for entry in listed["filesystems"]}


def test_option_of_repeated_secret_words_takes_one_pass() -> None:
    line = f"36 35 98:0 / /mnt rw - ext4 /dev/sda {'pass' * 2**18}\n"
    (mount,) = parse(line.encode())
    assert isinstance(mount, Mount)
    assert mount.options == ("rw", "pass" * 2**18)
