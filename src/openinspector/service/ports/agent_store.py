"""Store of enrolled agents and enrolment tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from openinspector.model.agent import Agent, AgentHealthCode, AgentId, HostDescription
from openinspector.model.asset import Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentToken:
    """A token that hosts enrol with. Only its SHA-256 is stored."""

    digest: str
    """SHA-256 of the token, hexadecimal."""
    tags: tuple[Tag, ...]
    """Tags of hosts enrolled with it."""
    uses_left: int
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The data of one heartbeat."""

    agent_id: AgentId
    at: datetime
    host: HostDescription
    health_code: AgentHealthCode
    health_details: str
    heartbeat_interval: timedelta


class AgentStore(Protocol):
    """Stores agents and tokens."""

    def add_token(self, token: EnrolmentToken) -> None:
        """Add an enrolment token."""
        ...

    def list_tokens(self) -> Sequence[EnrolmentToken]:
        """Return all tokens, oldest first."""
        ...

    def delete_token(self, digest: str) -> bool:
        """Delete a token; return True if it existed."""
        ...

    def enrol(self, digest: str, agent: Agent) -> Agent | None:
        """Use a token once and add ``agent`` with the token's tags, in one transaction.

        If the key is already enrolled, return its agent and do not use the token. Return None if the token is unknown,
        used up, or expired at ``agent.enrolled_at``: one conditional update consumes it. StoreError if another key has
        the id or the key was revoked.
        """
        ...

    def agents_by_id(self, ids: Sequence[AgentId]) -> Sequence[Agent]:
        """Return the agents that exist, by id."""
        ...

    def list_agents(self) -> Sequence[Agent]:
        """Return all agents, by id."""
        ...

    def record_contacts(self, contacts: Sequence[Contact]) -> None:
        """Store heartbeats; of two for one agent the later in time wins."""
        ...

    def revoke(self, agent: AgentId, at: datetime) -> bool:
        """Delete an agent and revoke its key, which can no longer open sessions or enrol; return True if it existed."""
        ...
