"""The agent's status: a file that the running agent keeps up to date for `status` (F1.41 to F1.43)."""

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from openinspector.agent.files.atomic_file import write_atomically
from openinspector.model.agent import MISSED_HEARTBEATS, AgentHealthCode
from openinspector.model.errors import OpenInspectorError, WireError
from openinspector.wire.codec import decode_json, encode_json
from openinspector.wire.message import SpoolReport

STATUS_FILE: Final = "status.json"
MAX_BYTES: Final = 1024 * 1024
_WELL: Final = (AgentHealthCode.IDLE, AgentHealthCode.RUNNING, AgentHealthCode.THROTTLED)


class StatusError(OpenInspectorError):
    """There is no status to read: the agent has not run here."""


class AgentStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status that the agent last wrote."""

    version: str
    endpoint: str
    proxy: str = ""
    """``host:port`` of the proxy to the endpoint. Empty if absent."""
    agent_id: str
    health_code: AgentHealthCode
    heartbeat_seconds: int
    written_at: datetime
    collecting: tuple[str, ...] = ()
    """Runs."""
    details: str = ""
    problem: str = ""
    """Why the gateway could not be reached; empty since the last success."""
    last_contact_at: datetime | None = None
    instructions_refused: int = 0
    spool: SpoolReport = SpoolReport()


_DECODER: Final = msgspec.json.Decoder(AgentStatus)


def save_status(state: Path, status: AgentStatus) -> None:
    """Write the status file; raises OSError."""
    write_atomically(state / STATUS_FILE, encode_json(status, "the status"))


def load_status(state: Path) -> AgentStatus:
    """Read the status file; StatusError."""
    path = state / STATUS_FILE
    try:
        with path.open("rb") as file:
            return decode_json(file.read(MAX_BYTES), _DECODER, "the status file")
    except FileNotFoundError as error:
        raise StatusError(
            f"the agent cannot be contacted: there is no {path}",
            advice="Start it, or name its settings file or state directory.",
        ) from error
    except OSError as error:
        raise StatusError(
            f"the agent cannot be contacted: {path} cannot be read: {error.strerror}", advice="Ask as root."
        ) from error
    except WireError as error:
        raise StatusError(f"{path} is not understood: {error}", advice="Restart the agent.") from error


def is_in_touch(status: AgentStatus, now: datetime) -> bool:
    """Return True if the agent was in contact with the service within three heartbeats.

    A contact in the future predates a step back of the clock and does not count.
    """
    if status.health_code not in _WELL or status.last_contact_at is None:
        return False
    limit = MISSED_HEARTBEATS * status.heartbeat_seconds
    return abs((now - status.last_contact_at).total_seconds()) <= limit
