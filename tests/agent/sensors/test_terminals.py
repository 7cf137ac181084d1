import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.terminals import SENSOR
from openinspector.model.activity import Terminal
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem


def entry(kind: int, process: int, line: str, user: str, host: str, seconds: int) -> bytes:
    head = struct.pack("=hxxi32s4s32s256s", kind, process, line.encode(), b"ts/0", user.encode(), host.encode())
    return head + struct.pack("=hhiii16s20x", 0, 0, 0, seconds, 0, b"")


UTMP = entry(2, 0, "~", "reboot", "6.1.0", 1700000000) + entry(7, 812, "pts/0", "ann", "192.0.2.4", 1700000100)
FILES: Files = {"/run/utmp": UTMP}
SESSION = (
    "# This is private data. Do not parse.\nUID=1000\nUSER=ann\nACTIVE=1\nCLASS=user\nTTY=pts/1\n"
    "REMOTE_HOST=192.0.2.5\nLEADER=900\nREALTIME=1700000200123456\n"
)
SESSIONS: Files = {
    "/run/systemd/sessions/3": SESSION,
    "/run/systemd/sessions/3.ref": "",
    "/run/systemd/sessions/c1": SESSION.replace("CLASS=user", "CLASS=greeter"),
    "/etc/passwd": "ann:x:1000:1000::/home/ann:/bin/sh\n",
}


class TestTerminals(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


class TestTerminalsOfLogind(SensorConformance):
    decorations = ("/etc/passwd",)

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return SESSIONS


def test_sessions_of_utmp() -> None:
    records, status = run(SENSOR, FakeHost(FILES))
    assert records == [
        Terminal(user="ann", line="pts/0", remote_host="192.0.2.4", process_id=812, started_at=1700000100)
    ]
    assert status.state is SensorState.OK


def test_times_of_64_bits() -> None:
    head = struct.pack("=hxxi32s4s32s256s", 7, 812, b"tty1", b"1", b"ann", b"")
    wide = head + struct.pack("=hhqqq16s20x4x", 0, 0, 0, 5_000_000_000, 0, b"")
    assert len(wide) == 400
    records, _ = run(SENSOR, FakeHost({"/run/utmp": wide}, FakeSystem(uname=("h", "6", "1", "aarch64"))))
    assert records == [Terminal(user="ann", line="tty1", process_id=812, started_at=5_000_000_000)]


def test_truncated_file_is_partial() -> None:
    records, status = run(SENSOR, FakeHost({"/run/utmp": UTMP[:-10]}))
    assert (records, status.state) == ([], SensorState.PARTIAL)


def test_sessions_of_logind_without_utmp() -> None:
    records, _ = run(SENSOR, FakeHost(SESSIONS))
    assert records == [
        Terminal(user="ann", line="pts/1", remote_host="192.0.2.5", process_id=900, started_at=1700000200)
    ]


def test_agrees_with_who(tmp_path: Path) -> None:
    who = shutil.which("who")
    if who is None:
        pytest.skip("who is absent: no oracle")
    file = tmp_path / "utmp"
    file.write_bytes(UTMP)
    reported = subprocess.run([who, str(file)], capture_output=True, text=True, check=True, env={"TZ": "UTC"}).stdout
    assert reported.split()[:2] == ["ann", "pts/0"]
    assert "2023-11-14" in reported or "Nov 14" in reported
    assert "(192.0.2.4)" in reported
