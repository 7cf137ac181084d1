"""The agent's status: a file the running agent keeps up to date, so that `status` asks nobody (F1.41 to F1.43)."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from openinspector.agent.atomic_file import write_atomically
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
    """What the agent last wrote of itself."""

    version: str
    endpoint: str
    agent_id: str
    health_code: AgentHealthCode
    heartbeat_seconds: int
    written_at: datetime
    collecting: tuple[str, ...] = ()
    """Runs."""
    details: str = ""
    problem: str = ""
    """Why the gateway could not be talked to, empty since the last success."""
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


def is_fresh(status: AgentStatus, now: datetime) -> bool:
    """Say whether the agent was in touch with the service within three heartbeats."""
    if status.last_contact_at is None:
        return False
    return (now - status.last_contact_at).total_seconds() <= MISSED_HEARTBEATS * status.heartbeat_seconds


def is_healthy(status: AgentStatus, now: datetime) -> bool:
    """Say whether the agent runs and is in touch."""
    return status.health_code in _WELL and is_fresh(status, now)


def status_lines(status: AgentStatus, now: datetime) -> Sequence[str]:
    """Return the status as labelled lines; the first three are those that tools parse (F1.42)."""
    contact = "never"
    if status.last_contact_at is not None:
        seconds = max(0, round((now - status.last_contact_at).total_seconds()))
        contact = f"{status.last_contact_at:%Y-%m-%d %H:%M:%S} UTC, {seconds} s ago"
    spool = status.spool
    lines = [
        f"Agent version : {status.version}",
        f"Endpoint : {status.endpoint}",
        f"Collecting : {'true' if status.collecting else 'false'}",
        f"Agent id : {status.agent_id}",
        f"Health : {'HEALTHY' if is_healthy(status, now) else 'UNHEALTHY'} ({status.health_code})",
        f"Last contact : {contact}",
        f"Heartbeat : every {status.heartbeat_seconds} s",
        f"Spool : {spool.envelopes} envelopes, {spool.bytes_used} of {spool.bytes_limit} bytes used",
        f"Envelopes dropped : {spool.envelopes_dropped}",
        f"Instructions refused : {status.instructions_refused}",
    ]
    lines += [f"Run : {run}" for run in status.collecting]
    lines += [f"Details : {status.details}"] if status.details else []
    lines += [f"Problem : {status.problem}"] if status.problem else []
    return lines
