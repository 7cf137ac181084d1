"""Copied hosts: two running agents with one host key.

Every agent process sends a random instance id when it opens a session. An earlier instance never returns after a
restart. If it sends a heartbeat after a newer one has, both are running and one host is a copy of the other: both are
detected within two heartbeats.

The host that was known first keeps the agent. The other one gets no session until it enrols with a new key or the first
host has missed three heartbeats. Kept in memory (ADR 15): after a restart of the service the first host is the one that
comes back first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from openinspector.model.agent import MISSED_HEARTBEATS, AgentId, HostDescription
from openinspector.service.app.refusal import RefusalCode, RefusedError

MAX_REMEMBERED: Final = 8
"""Earlier instances of one agent that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    instance: str
    """The instance that keeps the agent."""
    last_heartbeat: datetime
    host: HostDescription
    superseded: tuple[str, ...] = ()
    """Earlier instances, the latest last."""
    refused: tuple[str, ...] = ()
    """Instances on a copy of the host, the latest last."""


class CopiedHosts:
    """Distinguishes restarted agents from copied ones. Used from the gateway's event loop only."""

    def __init__(self, interval: timedelta) -> None:
        self._silence = MISSED_HEARTBEATS * interval
        self._known: dict[AgentId, _Known] = {}

    def check_opening(self, agent_id: AgentId, instance: str, now: datetime) -> None:
        """Raise RefusedError if ``instance`` runs on a copy of a host that is still running."""
        known = self._known.get(agent_id)
        if known is not None and instance in known.refused and now - known.last_heartbeat <= self._silence:
            raise _copied(known.host)

    def record_heartbeat(self, agent_id: AgentId, instance: str, host: HostDescription, now: datetime) -> None:
        """Record a heartbeat; RefusedError if it shows that two hosts are running: then end the agent's sessions.

        Agents before 0.2 send no instance id, and are not compared.
        """
        if not instance:
            return
        known = self._known.get(agent_id)
        if known is None or instance == known.instance:
            superseded, refused = (known.superseded, known.refused) if known else ((), ())
        elif instance in known.superseded:
            superseded = tuple(other for other in known.superseded if other != instance)
            refused = (*known.refused, known.instance)[-MAX_REMEMBERED:]
            self._known[agent_id] = _Known(
                instance=instance, last_heartbeat=now, host=host, superseded=superseded, refused=refused
            )
            raise _copied(known.host)
        else:
            superseded = (*known.superseded, known.instance)[-MAX_REMEMBERED:]
            refused = tuple(other for other in known.refused if other != instance)
        self._known[agent_id] = _Known(
            instance=instance, last_heartbeat=now, host=host, superseded=superseded, refused=refused
        )

    def forget(self, agent_id: AgentId) -> None:
        """Forget an agent that was revoked or got another key."""
        self._known.pop(agent_id, None)


def _copied(other: HostDescription) -> RefusedError:
    name = " ".join(part for part in (other.hostname, other.ipv4_address) if part) or "unknown"
    return RefusedError(
        RefusalCode.COPIED_HOST,
        f"another living host uses this host's key: {name}",
        advice="On the copy run: openinspector-agent enrol --new-key. Before making an image run: "
        "openinspector-agent prepare-image.",
    )
