"""The state of this host's agent, seen from another process; and the lock of updates."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from openinspector.agent.files.atomic_file import make_private_folder
from openinspector.agent.files.file_lock import lock_file
from openinspector.agent.files.open_flags import PRIVATE_FILE
from openinspector.agent.files.state_lock import running_agent
from openinspector.agent.operation.status import StatusError, load_status
from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError
from openinspector.agent.runtime import SPOOL_FOLDER
from openinspector.agent.session.stream import StreamPhase
from openinspector.agent.spool.spool import QUARANTINE
from openinspector.agent.spool.stream_folder import RECORD

UPDATE_LOCK: Final = "update.lock"


class _Phase(msgspec.Struct):
    phase: StreamPhase = StreamPhase.OPEN


def is_running(state: Path) -> bool:
    """Return True if an agent holds the state directory's lock."""
    try:
        return running_agent(state) is not None
    except OSError:
        return False


def is_collecting(state: Path) -> bool:
    """Return True if the agent takes part in a run: by its status, or because a stream is not over yet."""
    try:
        if load_status(state).collecting:
            return True
    except StatusError:
        pass
    spool = state / SPOOL_FOLDER
    folders = [path for path in spool.iterdir() if path.name != QUARANTINE] if spool.is_dir() else []
    return any(_is_open(folder) for folder in folders)


def check_idle(state: Path) -> None:
    """Raise UpdateError if the agent is not running, or takes part in a run."""
    if not is_running(state):
        raise UpdateError(
            UpdateCode.AGENT_NOT_RUNNING_NO_UPDATE, "the agent is not running; a stopped agent stays stopped"
        )
    if is_collecting(state):
        raise UpdateError(UpdateCode.AGENT_RUNNING_ASSESSMENT, "the agent takes part in an assessment run")


@contextmanager
def update_lock(state: Path) -> Iterator[None]:
    """Hold the lock of updates; UpdateError if another pass or a trial holds it."""
    make_private_folder(state)
    descriptor = os.open(state / UPDATE_LOCK, os.O_RDWR | os.O_CREAT | PRIVATE_FILE, 0o600)
    try:
        try:
            lock_file(descriptor)
        except OSError as error:
            raise UpdateError(UpdateCode.UPDATE_RUNNING, "another update is in progress") from error
        yield
    finally:
        os.close(descriptor)


def _is_open(folder: Path) -> bool:
    try:
        return msgspec.json.decode((folder / RECORD).read_bytes(), type=_Phase).phase is not StreamPhase.OVER
    except FileNotFoundError:
        return False
    except (OSError, msgspec.MsgspecError):
        # The next start of the agent handles it; until then it may be telemetry.
        return True
