"""Where enrolled agents and enrolment tokens are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from openinspector.model.agent import Agent, AgentHealthCode, AgentId, HostDescription
from openinspector.model.asset import Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentToken:
    """A token that lets hosts enrol. Only its SHA-256 is kept."""

    digest: str
    """SHA-256 of the token, hexadecimal."""
    tags: tuple[Tag, ...]
    """Tags that hosts enrolled with it carry."""
    uses_left: int
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What one heartbeat tells the store."""

    agent_id: AgentId
    at: datetime
    host: HostDescription
    health_code: AgentHealthCode
    health_details: str
    heartbeat_interval: timedelta


class AgentStore(Protocol):
    """Keeps agents and tokens."""

    def add_token(self, token: EnrolmentToken) -> None:
        """Add an enrolment token."""
        ...

    def list_tokens(self) -> Sequence[EnrolmentToken]:
        """Return all tokens, oldest first."""
        ...

    def delete_token(self, digest: str) -> bool:
        """Delete a token; says whether it was there."""
        ...

    def enrol(self, digest: str, agent: Agent) -> Agent | None:
        """Use a token once and add ``agent`` with the token's tags, in one transaction.

        A key that is enrolled already gets its agent back and uses nothing up. None where the token is unknown,
        expired at ``agent.enrolled_at`` or used up: the token is consumed by one conditional update. StoreError where
        another key has the id, or the key was revoked.
        """
        ...

    def agents_by_id(self, ids: Sequence[AgentId]) -> Sequence[Agent]:
        """Return the agents that exist, by id."""
        ...

    def list_agents(self) -> Sequence[Agent]:
        """Return all agents, by id."""
        ...

    def record_contacts(self, contacts: Sequence[Contact]) -> None:
        """Store what heartbeats said; of two for one agent the later in time wins."""
        ...

    def revoke(self, agent: AgentId, at: datetime) -> bool:
        """Delete an agent and revoke its key: it opens no session and enrols no more; says whether it was there."""
        ...
