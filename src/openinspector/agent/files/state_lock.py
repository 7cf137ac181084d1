"""The lock on the state directory: one agent uses it at a time, and `status` reports an agent as running if it is held.

A lock of flock(2) always ends with the process that holds it. The file holds its process id, for people.
``/proc/locks`` needs no lock, but does not show holders in another PID namespace. `status` tries a shared lock for a
moment; a starting agent tries ten times within a second, so `status` cannot prevent its start.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openinspector.agent.files.atomic_file import make_private_folder
from openinspector.agent.files.file_lock import lock_file
from openinspector.agent.files.open_flags import PRIVATE_FILE
from openinspector.model.errors import OpenInspectorError

LOCK_FILE: Final = "lock"
_TRIES: Final = 10
_PAUSE: Final = 0.1
_MAX_PID: Final = 10


class StateDirectoryError(OpenInspectorError):
    """The state directory cannot be used."""


class AlreadyRunningError(OpenInspectorError):
    """Another agent uses the state directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningAgent:
    """An agent that holds the lock now."""

    pid: int | None
    """None until the agent has written it."""


def take_lock(state: Path) -> int:
    """Return a descriptor that locks the state directory while it is open; OpenInspectorError."""
    try:
        make_private_folder(state)
        descriptor = os.open(state / LOCK_FILE, os.O_RDWR | os.O_CREAT | PRIVATE_FILE, 0o600)
    except OSError as error:
        raise StateDirectoryError(
            f"the state directory {state} cannot be used: {error.strerror}",
            advice="Set state_directory to a folder the agent's user owns.",
        ) from error
    for tried in range(_TRIES):
        try:
            lock_file(descriptor)
        except OSError as error:
            if tried == _TRIES - 1:
                os.close(descriptor)
                raise AlreadyRunningError(
                    f"an agent is already running with {state}", advice="Stop it: openinspector-agent stop"
                ) from error
            # `status` may hold the lock, for less time than this.
            time.sleep(_PAUSE)
        else:
            break
    with suppress(OSError):  # a full disk must not prevent the agent from starting
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def running_agent(state: Path) -> RunningAgent | None:
    """Return the agent that uses the state directory, or None; PermissionError without access."""
    try:
        descriptor = os.open(state / LOCK_FILE, os.O_RDONLY | PRIVATE_FILE)
    except FileNotFoundError:
        return None
    try:
        lock_file(descriptor, shared=True)
    except OSError:
        return RunningAgent(pid=_written_pid(descriptor))
    finally:
        os.close(descriptor)
    return None


def _written_pid(descriptor: int) -> int | None:
    with suppress(OSError):  # on Windows a locked byte cannot be read
        text = os.read(descriptor, _MAX_PID).strip()
        return int(text) if text.isdigit() else None
    return None
