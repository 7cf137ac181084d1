"""Runs the sensors in a child process: the agent stays small between runs, and a sensor cannot crash it.

The child is the agent's own program with fixed arguments. Only a number and names of sensors vary, and each name is
checked against the built-in sensors. No shell is involved.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from openinspector.model.errors import SensorError, WireError
from openinspector.wire.codec import decode_json
from openinspector.wire.telemetry import TelemetryMessage

MODULE: Final = "openinspector.agent.sensing"
WORD: Final = "sensing"
"""Argument that makes a packaged agent run its sensors (packaging/program.py)."""
FOLDER: Final = str(Path(__file__).resolve().parents[3])
"""The folder that this package was imported from; in a packaged agent it is the program."""
MAX_LINE: Final = 20 * 1024 * 1024
"""A longer message would not fit into an envelope."""
NAMES_SECONDS: Final = 60.0
COLLECTION_SECONDS: Final = 1800.0
"""Sensors limit themselves between records; this limits a sensor that hangs within a record."""

_LOOK_SECONDS: Final = 0.2
_READ: Final = 64 * 1024
_MESSAGE: Final = msgspec.json.Decoder(TelemetryMessage)
_NAMES: Final = msgspec.json.Decoder(list[str])


def sensing_command() -> tuple[str, ...]:
    """Return the command that starts this program for its sensors, the way this process was started (ADR 0025)."""
    if getattr(sys, "frozen", False):
        return (sys.executable, WORD)
    if sys.flags.isolated and is_program(FOLDER):
        return (sys.executable, "-I", "-S", "-B", FOLDER, WORD)
    if sys.flags.isolated:
        return (sys.executable, "-I", "-B", "-m", MODULE)
    return (sys.executable, "-m", MODULE)


def is_program(path: str) -> bool:
    """Return True if Python can run ``path``: an archive, or a folder with a ``__main__.py``.

    An installed agent is in site-packages, which is neither.
    """
    return os.path.isfile(path) or os.path.isfile(os.path.join(path, "__main__.py"))  # noqa: PTH113, PTH118 - a text


class SensorProcess:
    """The built-in sensors, run in a child process."""

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = sensing_command() if command is None else tuple(command)

    def names(self) -> frozenset[str]:
        """Return the names of the sensors; raise SensorError."""
        lines = list(self._lines(("names",), NAMES_SECONDS, lambda: False))
        if len(lines) != 1:
            raise SensorError("the sensors' process did not list its sensors")
        try:
            names = decode_json(lines[0], _NAMES, "the list of sensors")
        except WireError as error:
            raise SensorError(str(error)) from error
        return frozenset(names)

    def collect(
        self, names: tuple[str, ...], number: int, is_stopped: Callable[[], bool]
    ) -> Iterator[TelemetryMessage]:
        """Run the named sensors once and yield their messages as they arrive; raise SensorError.

        Ends early and without an error if ``is_stopped`` returns True.
        """
        for line in self._lines(("collect", str(number), *names), COLLECTION_SECONDS, is_stopped):
            try:
                yield decode_json(line, _MESSAGE, "a sensor's message")
            except WireError as error:
                raise SensorError(str(error)) from error

    def _lines(self, arguments: Sequence[str], seconds: float, is_stopped: Callable[[], bool]) -> Iterator[bytes]:
        reading, writing = os.pipe2(os.O_CLOEXEC)
        try:
            process = self._spawn(arguments, writing)
        except OSError as error:
            os.close(reading)
            raise SensorError(f"the sensors' process cannot be started: {error}") from error
        finally:
            os.close(writing)
        ended = False
        try:
            yield from read_lines(partial(_read_pipe, reading), time.monotonic() + seconds, is_stopped)
            ended = True
        finally:
            os.close(reading)
            status = _reap(process, kill=not ended or is_stopped())
        if status != 0 and not is_stopped():
            raise SensorError(f"the sensors' process ended with status {status}")

    def _spawn(self, arguments: Sequence[str], output: int) -> int:
        actions = ((os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, output, 1))
        command = [*self._command, *arguments]
        # The child does not get the agent's signals; it ends when its pipe closes.
        return os.posix_spawn(command[0], command, child_environment(), file_actions=actions, setsid=False)


def read_lines(read: Callable[[], bytes | None], until: float, is_stopped: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the lines of a child until it closes its end; raise SensorError if one is too long or takes too long.

    ``read`` returns None if there is nothing yet, and empty bytes at the end.
    """
    buffer = bytearray()
    while not is_stopped():
        if time.monotonic() > until:
            raise SensorError("the sensors' process takes too long")
        found = read()
        if found is None:
            continue
        if not found:
            if buffer:
                raise SensorError("the sensors' process stopped within a message")
            return
        first, *others = found.split(b"\n")
        buffer += first
        if len(buffer) > MAX_LINE:
            raise SensorError("a sensor's message is too long")
        if others:
            yield bytes(buffer)
            yield from others[:-1]
            buffer = bytearray(others[-1])


def _read_pipe(descriptor: int) -> bytes | None:
    if not select.select([descriptor], [], [], _LOOK_SECONDS)[0]:
        return None
    return os.read(descriptor, _READ)


def _reap(process: int, *, kill: bool) -> int:
    if kill:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    except ChildProcessError:
        return 0


def child_environment() -> Mapping[str, str]:
    """Return the agent's environment without its settings, with the paths that its modules were imported from."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENINSPECTOR_")}
    return MappingProxyType({**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)})
