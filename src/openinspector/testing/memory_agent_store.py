"""The agent store's simulator: the whole port, in memory."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from openinspector.model.agent import Agent, AgentId
from openinspector.model.errors import StoreError
from openinspector.service.ports.agent_store import Contact, EnrolmentToken
from openinspector.wire.signature import key_id


class MemoryAgentStore:
    """Stores everything in dictionaries; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tokens: dict[str, EnrolmentToken] = {}
        self._agents: dict[AgentId, Agent] = {}
        self._revoked: dict[str, AgentId] = {}

    def add_token(self, token: EnrolmentToken) -> None:
        """Add an enrolment token."""
        with self._lock:
            self._tokens[token.digest] = token

    def list_tokens(self) -> Sequence[EnrolmentToken]:
        """Return all tokens, oldest first."""
        with self._lock:
            return sorted(self._tokens.values(), key=lambda token: (token.created_at, token.digest))

    def delete_token(self, digest: str) -> bool:
        """Delete a token; return True if it existed."""
        with self._lock:
            return self._tokens.pop(digest, None) is not None

    def enrol(self, digest: str, agent: Agent) -> Agent | None:
        """Use a token once and add ``agent`` with the token's tags."""
        with self._lock:
            for held in self._agents.values():
                if held.public_key == agent.public_key:
                    return held
            if agent.id in self._agents:
                raise StoreError(f"the agent id {agent.id} is another key's")
            token = self._tokens.get(digest)
            if token is None or token.uses_left < 1 or token.expires_at <= agent.enrolled_at:
                return None
            if key_id(agent.public_key) in self._revoked:
                raise StoreError("the key was revoked")
            self._tokens[digest] = replace(token, uses_left=token.uses_left - 1)
            self._agents[agent.id] = replace(agent, tags=token.tags)
            return self._agents[agent.id]

    def agents_by_id(self, ids: Sequence[AgentId]) -> Sequence[Agent]:
        """Return the agents that exist, by id."""
        with self._lock:
            return [self._agents[agent] for agent in sorted(set(ids)) if agent in self._agents]

    def list_agents(self) -> Sequence[Agent]:
        """Return all agents, by id."""
        with self._lock:
            return [self._agents[agent] for agent in sorted(self._agents)]

    def record_contacts(self, contacts: Sequence[Contact]) -> None:
        """Store heartbeats; of two for one agent the later in time wins."""
        with self._lock:
            for contact in contacts:
                held = self._agents.get(contact.agent_id)
                if held is None or (held.last_heartbeat_at is not None and held.last_heartbeat_at > contact.at):
                    continue
                self._agents[held.id] = replace(
                    held,
                    host=contact.host,
                    health_code=contact.health_code,
                    health_details=contact.health_details,
                    heartbeat_interval=contact.heartbeat_interval,
                    last_heartbeat_at=contact.at,
                )

    def revoke(self, agent: AgentId, at: datetime) -> bool:
        """Delete an agent and revoke its key; return True if it existed."""
        del at
        with self._lock:
            gone = self._agents.pop(agent, None)
            if gone is not None:
                self._revoked[key_id(gone.public_key)] = agent
            return gone is not None
