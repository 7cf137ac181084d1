import subprocess
import sys

import pytest

from openinspector.agent.collection.windows_sensor_process import Child, WindowsSensorProcess, command_line
from openinspector.agent.registry import sensors
from openinspector.model.errors import SensorError

on_windows = pytest.mark.skipif(sys.platform != "win32", reason="has not run: needs a real Windows")


class OtherMeans(WindowsSensorProcess):
    """The same logic over a child that this system can start."""

    child: "Running | None" = None

    def _start(self, line: str) -> Child:
        program, _, words = line[1:].partition('" ')
        self.child = Running(subprocess.Popen([program, *words.split(" ")], stdout=subprocess.PIPE))
        return self.child


class Running:
    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.silence = True

    def read(self) -> bytes | None:
        self.silence = not self.silence
        assert self.process.stdout
        return None if not self.silence else self.process.stdout.read(1000)

    def end(self, *, kill: bool) -> int:
        if kill:
            self.process.kill()
        assert self.process.stdout
        self.process.stdout.close()
        return self.process.wait()


def never() -> bool:
    return False


def test_the_sensors_run_in_their_own_process() -> None:
    process = OtherMeans()
    assert process.names() == set(sensors())
    kinds = [message.kind for message in process.collect(("windows_os",), 2, never)]
    assert kinds == ["MonitoringStart", *(["OperatingSystem"] if sys.platform == "win32" else []), "SensorStatus"]


def test_failed_process_raises() -> None:
    with pytest.raises(SensorError, match="ended with status 1"):
        OtherMeans((sys.executable, "-m", "openinspector.no_such_module")).names()


def test_closing_early_leaves_no_process() -> None:
    process = OtherMeans()
    found = process.collect(("windows_os",), 1, never)
    next(found)
    found.close()  # type: ignore[attr-defined]  # it is a generator
    assert process.child
    assert process.child.process.returncode is not None


def test_command_line_quotes_the_program_only() -> None:
    command = (r"C:\Program Files\Python\python.exe", "-m", "openinspector.agent.sensing", "collect", "1", "windows_os")
    assert (
        command_line(command)
        == r'"C:\Program Files\Python\python.exe" -m openinspector.agent.sensing collect 1 windows_os'
    )


@pytest.mark.parametrize("word", ["a b", 'a"', "", "a&b", "%PATH%", "a^", "x" * 65])
def test_rejects_arguments_that_need_quoting(word: str) -> None:
    with pytest.raises(SensorError):
        command_line(("python.exe", word))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can")
def test_requires_windows() -> None:
    with pytest.raises(SensorError, match="on Windows only"):
        WindowsSensorProcess().names()


@on_windows
def test_starts_on_windows() -> None:
    assert WindowsSensorProcess().names() == set(sensors())
