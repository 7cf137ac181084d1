"""Runs the sensors in a process of their own: the agent stays small between runs, and no sensor can take it along.

The process is this very program with fixed words; the only ones that vary are a number and names of sensors, each
checked against those that are built in. Nothing goes through a shell.
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
"""What a packaged agent is called with for its sensors (packaging/program.py)."""
FOLDER: Final = str(Path(__file__).resolve().parents[3])
"""Where this very package was found; in a packaged agent this folder is the program."""
MAX_LINE: Final = 20 * 1024 * 1024
"""A message longer than this fits into no envelope anyway."""
NAMES_SECONDS: Final = 60.0
COLLECTION_SECONDS: Final = 1800.0
"""Sensors bound themselves, record by record; this bounds one that hangs within a record."""

_LOOK_SECONDS: Final = 0.2
_READ: Final = 64 * 1024
_MESSAGE: Final = msgspec.json.Decoder(TelemetryMessage)
_NAMES: Final = msgspec.json.Decoder(list[str])


def sensing_command() -> tuple[str, ...]:
    """Return how this very program is started for its sensors, the way it was started itself (ADR 0025)."""
    if getattr(sys, "frozen", False):
        return (sys.executable, WORD)
    if sys.flags.isolated:
        return (sys.executable, "-I", "-S", "-B", FOLDER, WORD)
    return (sys.executable, "-m", MODULE)


class SensorProcess:
    """The built-in sensors as they are run in their own process."""

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = sensing_command() if command is None else tuple(command)

    def names(self) -> frozenset[str]:
        """Return the names of the sensors; SensorError."""
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
        """Run the named sensors once and yield their messages as they come; SensorError.

        Ends early, without an error, once ``is_stopped`` says so.
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
        # The agent's signals are the agent's; the process ends with its pipe.
        return os.posix_spawn(command[0], command, child_environment(), file_actions=actions, setsid=False)


def read_lines(read: Callable[[], bytes | None], until: float, is_stopped: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the lines a child writes until it closes its end; SensorError where they are too long or take too long.

    ``read`` returns None where there is nothing yet, and no bytes at the end.
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
    """Return the agent's environment without its settings, and with the paths its modules were found on."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENINSPECTOR_")}
    return MappingProxyType({**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)})
