"""The sensors' process on Windows, which lacks posix_spawn: CreateProcess of pywin32 with the same fixed arguments.

This is the second and last file that starts a process, and it starts the same one (ADR 0041). Its arguments are a
number and names of letters, digits and underscores, which need no quoting. It has not run on a real Windows.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from openinspector.agent.collection.sensor_process import SensorProcess, child_environment, read_lines
from openinspector.model.errors import SensorError

_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LOOK_SECONDS: Final = 0.05
_READ: Final = 64 * 1024
_BROKEN_PIPE: Final = 109
"""ERROR_BROKEN_PIPE: the child has closed its end."""
_WAIT_MILLISECONDS: Final = 10_000


class Child(Protocol):
    """A running process and the pipe it writes to."""

    def read(self) -> bytes | None:
        """Return its output; None if there is nothing yet, empty bytes at the end; raise SensorError."""
        ...

    def end(self, *, kill: bool) -> int:
        """Wait for its end, after killing it if ``kill`` is true; return its exit status."""
        ...


class WindowsSensorProcess(SensorProcess):
    """The built-in sensors, run in a child process on Windows."""

    def _lines(self, arguments: Sequence[str], seconds: float, is_stopped: Callable[[], bool]) -> Iterator[bytes]:
        line = command_line([*self._command, *arguments])
        child = self._start(line)
        ended = False
        try:
            yield from read_lines(child.read, time.monotonic() + seconds, is_stopped)
            ended = True
        finally:
            status = child.end(kill=not ended or is_stopped())
        if status != 0 and not is_stopped():
            raise SensorError(f"the sensors' process ended with status {status}")

    def _start(self, line: str) -> Child:
        return create_process(self._command[0], line)


def command_line(command: Sequence[str]) -> str:
    """Return the command line for CreateProcess: the quoted program, then plain words; raise SensorError for others."""
    program, *words = command
    if '"' in program or not all(_WORD.fullmatch(word) for word in words):
        raise SensorError("the sensors' process takes only names and a number")
    return " ".join((f'"{program}"', *words))


if sys.platform == "win32":
    import pywintypes
    import win32con
    import win32event
    import win32file
    import win32pipe
    import win32process

    def create_process(program: str, line: str) -> Child:
        """Start the child without a window, with its standard output in a pipe; raise SensorError."""
        inheritable = pywintypes.SECURITY_ATTRIBUTES()
        inheritable.bInheritHandle = True
        reading, writing = win32pipe.CreatePipe(inheritable, 0)
        start = win32process.STARTUPINFO()
        start.dwFlags = win32con.STARTF_USESTDHANDLES
        start.hStdOutput = writing
        flags = win32con.CREATE_NO_WINDOW
        try:
            process, thread, _, _ = win32process.CreateProcess(
                program, line, None, None, True, flags, dict(child_environment()), None, start
            )
        except pywintypes.error as error:
            win32file.CloseHandle(reading)
            raise SensorError(f"the sensors' process cannot be started: {error}") from error
        finally:
            win32file.CloseHandle(writing)
        win32file.CloseHandle(thread)
        return _Process(process, reading)

    class _Process:
        def __init__(self, process: int, reading: int) -> None:
            self._process = process
            self._reading = reading

        def read(self) -> bytes | None:
            try:
                if not win32pipe.PeekNamedPipe(self._reading, 0)[1]:
                    time.sleep(_LOOK_SECONDS)
                    return None
                return bytes(win32file.ReadFile(self._reading, _READ)[1])
            except pywintypes.error as error:
                if error.winerror == _BROKEN_PIPE:
                    return b""
                raise SensorError(f"the sensors' process cannot be read: {error}") from error

        def end(self, *, kill: bool) -> int:
            if kill:
                win32process.TerminateProcess(self._process, 1)
            win32event.WaitForSingleObject(self._process, _WAIT_MILLISECONDS)
            status = int(win32process.GetExitCodeProcess(self._process))
            win32file.CloseHandle(self._process)
            win32file.CloseHandle(self._reading)
            return status

else:

    def create_process(program: str, line: str) -> Child:
        """Raise SensorError: the child can be started only on Windows."""
        raise SensorError(f"{program} is started on Windows only, not with {line}")
