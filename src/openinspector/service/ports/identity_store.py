"""Store of attestations, revoked keys and requests to attest again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from openinspector.model.agent import Agent, AgentId
from openinspector.model.asset import Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """The proven identity of a host."""

    agent_id: AgentId
    """The instance's id."""
    method: str
    account: str
    region: str
    attested_at: datetime
    pending_time: datetime | None = None
    """Time of the instance's last launch, if its proof contains it."""


class Hindrance(StrEnum):
    """Why an attested host was not enrolled."""

    OTHER_KEY = "other-key"
    """The instance was attested with another host key."""
    KEY_OF_ANOTHER = "key-of-another"
    """The host key belongs to another agent."""
    KEY_REVOKED = "key-revoked"
    OLD_PROOF = "old-proof"
    """The proof belongs to an earlier launch than a known one."""
    BAD_TOKEN = "bad-token"  # noqa: S105 - a reason's name


class IdentityStore(Protocol):
    """Stores the identities of the agents of an `AgentStore`."""

    def attest(self, agent: Agent, proof: Attestation, token_digest: str | None) -> Agent | Hindrance:
        """Bind the agent's key to the instance on first sight and enrol it, in one transaction.

        The same key returns its agent and renews the attestation; another key is refused until `release`. A token, if
        given, is used once by a new agent and provides its tags.
        """
        ...

    def attestation(self, agent: AgentId) -> Attestation | None:
        """Return the host's last attestation; None if it enrolled with a token only."""
        ...

    def list_attestations(self) -> Sequence[Attestation]:
        """Return the last attestation of every attested host, by id."""
        ...

    def release(self, agent: AgentId) -> bool:
        """Delete the agent and the binding of its key; the next key that attests the instance is bound to it.

        Return True if there was a binding. The latest known launch is kept.
        """
        ...

    def rotate_key(self, agent: AgentId, old: bytes, new: bytes, at: datetime) -> bool:
        """Replace the agent's raw public key and revoke the old one, atomically; return True also if already done.

        Return False if the agent has neither key, or the new one is revoked or belongs to another agent.
        """
        ...

    def is_revoked(self, key_id: str) -> bool:
        """Return True if a key was revoked or replaced."""
        ...

    def keys_by_id(self, ids: Sequence[AgentId]) -> Mapping[AgentId, bytes]:
        """Return the raw public keys of the agents that exist."""
        ...

    def ask_reattestation(self, agent: AgentId, at: datetime) -> bool:
        """Record that the agent must attest again; return True if the agent exists."""
        ...

    def reattestations_asked(self) -> Sequence[AgentId]:
        """Return the agents that must attest again, by id."""
        ...

    def reattested(self, agent: AgentId) -> None:
        """Record that the agent attested again."""
        ...

    def set_tags(self, agent: AgentId, tags: tuple[Tag, ...]) -> bool:
        """Replace the agent's tags; return True if the agent exists."""
        ...
