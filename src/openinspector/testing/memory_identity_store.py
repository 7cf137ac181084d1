"""The identity store's simulator: the whole port, over the agents of a memory agent store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from openinspector.model.agent import Agent, AgentId
from openinspector.model.asset import Tag
from openinspector.service.ports.identity_store import Attestation, Hindrance
from openinspector.testing.memory_agent_store import MemoryAgentStore
from openinspector.wire.signature import key_id


class MemoryIdentityStore:
    """Shares agents, tokens, revoked keys and the lock with ``agents``; each method is atomic."""

    def __init__(self, agents: MemoryAgentStore) -> None:
        self._store = agents
        self._lock = agents._lock  # noqa: SLF001 - one store in two halves
        self._agents = agents._agents  # noqa: SLF001
        self._tokens = agents._tokens  # noqa: SLF001
        self._revoked = agents._revoked  # noqa: SLF001
        self._proofs: dict[AgentId, Attestation] = {}
        self._bound: dict[AgentId, str] = {}
        self._asked: set[AgentId] = set()

    def attest(self, agent: Agent, proof: Attestation, token_digest: str | None) -> Agent | Hindrance:
        """Bind the agent's key to the instance on first sight and enrol it."""
        with self._lock:
            known = self._agent_of(agent.public_key)
            hindrance = self._hindrance(agent, proof, known)
            if hindrance is None and known is None:
                hindrance = self._add(agent, token_digest)
            if hindrance is not None:
                return hindrance
            held = self._proofs.get(agent.id)
            launched = proof.pending_time or (held.pending_time if held else None)
            self._proofs[agent.id] = replace(proof, pending_time=launched)
            self._bound[agent.id] = key_id(agent.public_key)
            self._asked.discard(agent.id)
            return self._agents[agent.id]

    def attestation(self, agent: AgentId) -> Attestation | None:
        """Return the host's last attestation; None if it enrolled with a token only."""
        with self._lock:
            return self._proofs.get(agent)

    def list_attestations(self) -> Sequence[Attestation]:
        """Return the last attestation of every attested host, by id."""
        with self._lock:
            return [self._proofs[agent] for agent in sorted(self._proofs)]

    def release(self, agent: AgentId) -> bool:
        """Delete the binding of the instance's key, and its agent."""
        with self._lock:
            self._asked.discard(agent)
            if agent not in self._proofs:
                return False
            self._bound.pop(agent, None)
            self._agents.pop(agent, None)
            return True

    def rotate_key(self, agent: AgentId, old: bytes, new: bytes, at: datetime) -> bool:
        """Replace the agent's raw public key and revoke the old one."""
        del at
        with self._lock:
            held = self._agents.get(agent)
            if held is not None and held.public_key == new:
                return True
            if held is None or held.public_key != old or self._agent_of(new) or key_id(new) in self._revoked:
                return False
            self._agents[agent] = replace(held, public_key=new)
            self._revoked[key_id(old)] = agent
            if agent in self._bound:
                self._bound[agent] = key_id(new)
            return True

    def is_revoked(self, key_id: str) -> bool:
        """Return True if a key was revoked or replaced."""
        with self._lock:
            return key_id in self._revoked

    def keys_by_id(self, ids: Sequence[AgentId]) -> Mapping[AgentId, bytes]:
        """Return the raw public keys of the agents that exist."""
        return {agent.id: agent.public_key for agent in self._store.agents_by_id(ids)}

    def ask_reattestation(self, agent: AgentId, at: datetime) -> bool:
        """Record that the agent must attest again; return True if the agent exists."""
        del at
        with self._lock:
            if agent in self._agents:
                self._asked.add(agent)
            return agent in self._agents

    def reattestations_asked(self) -> Sequence[AgentId]:
        """Return the agents that must attest again, by id."""
        with self._lock:
            return sorted(self._asked & self._agents.keys())

    def reattested(self, agent: AgentId) -> None:
        """Record that the agent attested again."""
        with self._lock:
            self._asked.discard(agent)

    def set_tags(self, agent: AgentId, tags: tuple[Tag, ...]) -> bool:
        """Replace the agent's tags."""
        with self._lock:
            if agent in self._agents:
                self._agents[agent] = replace(self._agents[agent], tags=tags)
            return agent in self._agents

    def _agent_of(self, public_key: bytes) -> Agent | None:
        return next((held for held in self._agents.values() if held.public_key == public_key), None)

    def _hindrance(self, agent: Agent, proof: Attestation, known: Agent | None) -> Hindrance | None:
        held = self._proofs.get(agent.id)
        if key_id(agent.public_key) in self._revoked:
            return Hindrance.KEY_REVOKED
        if self._bound.get(agent.id, key_id(agent.public_key)) != key_id(agent.public_key):
            return Hindrance.OTHER_KEY
        if held and held.pending_time and proof.pending_time and proof.pending_time < held.pending_time:
            return Hindrance.OLD_PROOF
        if known is not None and known.id != agent.id:
            return Hindrance.KEY_OF_ANOTHER
        return None

    def _add(self, agent: Agent, token_digest: str | None) -> Hindrance | None:
        tags: tuple[Tag, ...] = ()
        if token_digest is not None:
            token = self._tokens.get(token_digest)
            if token is None or token.uses_left < 1 or token.expires_at <= agent.enrolled_at:
                return Hindrance.BAD_TOKEN
            tags = token.tags
        if agent.id in self._agents:
            return Hindrance.OTHER_KEY
        if token_digest is not None:
            token = self._tokens[token_digest]
            self._tokens[token_digest] = replace(token, uses_left=token.uses_left - 1)
        self._agents[agent.id] = replace(agent, tags=tags)
        return None
