"""Agents: identity, health and preview (F1.75 to F1.78)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from openinspector.model.asset import Tag

AgentId = NewType("AgentId", str)
"""An EC2 instance id, or ``host-`` and 17 hexadecimal digits elsewhere."""

MISSED_HEARTBEATS: Final = 3
"""An agent is UNHEALTHY after this many intervals without a heartbeat (decisions)."""


class AgentHealth(StrEnum):
    """Health of an agent; the value is the wire's (F11.51)."""

    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    UNKNOWN = "UNKNOWN"


class AgentHealthCode(StrEnum):
    """Activity that an agent reports; the value is the wire's (F11.52)."""

    IDLE = "IDLE"
    RUNNING = "RUNNING"
    SHUTDOWN = "SHUTDOWN"
    UNHEALTHY = "UNHEALTHY"
    THROTTLED = "THROTTLED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDescription:
    """The host as its agent describes it in every heartbeat (F1.9)."""

    hostname: str = ""
    operating_system: str = ""
    kernel_version: str = ""
    ipv4_address: str = ""
    distribution: str = ""
    """``<os-release ID>:<VERSION_ID>``, such as ``debian:12``; empty if unknown."""
    agent_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One enrolled agent, as the service knows it."""

    id: AgentId
    public_key: bytes
    """Raw Ed25519 public key of the host, 32 bytes."""
    tags: tuple[Tag, ...]
    enrolled_at: datetime
    host: HostDescription = HostDescription()
    health_code: AgentHealthCode = AgentHealthCode.UNKNOWN
    health_details: str = ""
    heartbeat_interval: timedelta = timedelta(seconds=60)
    last_heartbeat_at: datetime | None = None
    auto_scaling_group: str | None = None
    ami_id: str | None = None

    def health(self, now: datetime) -> AgentHealth:
        """Return the health by the last heartbeat (decisions: UNHEALTHY after 3 missed intervals)."""
        if self.last_heartbeat_at is None:
            return AgentHealth.UNKNOWN
        if self.health_code in (AgentHealthCode.UNHEALTHY, AgentHealthCode.SHUTDOWN):
            return AgentHealth.UNHEALTHY
        silence = now - self.last_heartbeat_at
        healthy = silence <= MISSED_HEARTBEATS * self.heartbeat_interval
        return AgentHealth.HEALTHY if healthy else AgentHealth.UNHEALTHY

    def current_health_code(self, now: datetime) -> AgentHealthCode:
        """Return the last reported code, or UNHEALTHY if heartbeats are missing."""
        if self.health(now) is AgentHealth.UNHEALTHY and self.health_code is not AgentHealthCode.SHUTDOWN:
            return AgentHealthCode.UNHEALTHY
        return self.health_code
