"""The report of `status`: the last written status, compared with the present state (F1.41 to F1.43, F1.61)."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from openinspector.agent.files.state_lock import RunningAgent
from openinspector.agent.operation.status import AgentStatus, is_in_touch
from openinspector.agent.operation.update_outcome import UpdateOutcome
from openinspector.model.agent import AgentHealthCode
from openinspector.model.foreign_text import printable_line

INSTALL_ROOT: Final = Path("/opt/openinspector-agent")
SLOTS: Final = ("stable", "experiment")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """The agent's status, with facts that are determined from outside."""

    status: AgentStatus
    now: datetime
    running: RunningAgent | None
    auto_update: bool
    last_update: UpdateOutcome | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    """Slot to the version in it."""

    @property
    def is_healthy(self) -> bool:
        """True if an agent runs now, is healthy and is in touch with the service."""
        return self.running is not None and is_in_touch(self.status, self.now)


def installed_slots(root: Path) -> Mapping[str, str]:
    """Return slot to version of an installation; empty if the agent was not installed there."""
    found: dict[str, str] = {}
    for slot in SLOTS:
        try:
            found[slot] = posixpath.basename((root / slot).readlink())
        except OSError:
            continue
    return MappingProxyType(found)


def status_lines(report: StatusReport) -> Sequence[str]:
    """Return labelled lines; tools parse the first three (F1.42)."""
    status, spool, running = report.status, report.status.spool, report.running
    health = "HEALTHY" if report.is_healthy else "UNHEALTHY"
    pid = f" (pid {running.pid})" if running is not None and running.pid is not None else ""
    percent = 100 * spool.bytes_used // spool.bytes_limit if spool.bytes_limit else 0
    lines = [
        f"Agent version : {status.version}",
        f"Endpoint : {status.endpoint}",
        f"Collecting : {'true' if status.collecting and running else 'false'}",
        f"Running : {'true' if running else 'false'}{pid}",
        f"Health : {health} ({_code(report)})",
        f"Agent id : {status.agent_id}",
        f"Last contact : {_when(status.last_contact_at, report.now)}",
        f"Heartbeat : every {status.heartbeat_seconds} s",
        f"Proxy : {status.proxy or 'none'}",
        f"Spool : {spool.envelopes} envelopes, {spool.bytes_used} of {spool.bytes_limit} bytes used ({percent} %)",
        f"Envelopes dropped : {spool.envelopes_dropped}",
        f"Instructions refused : {status.instructions_refused}",
        f"Updates : {_updates(report)}",
    ]
    lines += [f"Installed : {', '.join(f'{slot} {version}' for slot, version in report.slots.items())}"] * bool(
        report.slots
    )
    lines += [f"Run : {run}" for run in status.collecting]
    lines += [f"Details : {status.details}"] if status.details else []
    lines += [f"Problem : {status.problem}"] if status.problem else []
    lines += [] if report.is_healthy else [f"Advice : {_advice(report)}"]
    return lines


def status_json(report: StatusReport) -> Mapping[str, object]:
    """Return the report for machines: the fields of the status file and the present state."""
    outcome = report.last_update
    return {
        **msgspec.to_builtins(report.status),
        "healthy": report.is_healthy,
        "running": report.running is not None,
        "pid": report.running.pid if report.running else None,
        "updates": {
            "on": report.auto_update,
            "last": msgspec.to_builtins(outcome) if outcome is not None else None,
        },
        "installed": dict(report.slots),
    }


def _code(report: StatusReport) -> str:
    code = report.status.health_code
    if report.running is None:
        return code if code is AgentHealthCode.SHUTDOWN else f"not running; it was {code}"
    return code if report.is_healthy or code is AgentHealthCode.UNHEALTHY else f"{code}, but out of touch"


def _updates(report: StatusReport) -> str:
    switch = "on" if report.auto_update else "off"
    outcome = report.last_update
    if outcome is None:
        return switch
    versions = f" from {outcome.from_version} to {outcome.to_version}" if outcome.to_version else ""
    result = printable_line(f"{outcome.result}{versions}")
    return f"{switch}, last result {result}, {_when(outcome.at, report.now)}"


def _when(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    seconds = round((now - moment).total_seconds())
    distance = f"{seconds} s ago" if seconds >= 0 else f"{-seconds} s in the future"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC, {distance}"


def _advice(report: StatusReport) -> str:
    if report.running is None:
        return "start it: openinspector-agent start"
    return "look for the cause: openinspector-agent check --connect"
