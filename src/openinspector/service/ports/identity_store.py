"""Which host key stands for which attested host, which keys are revoked, and who is to prove itself again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from openinspector.model.agent import Agent, AgentId
from openinspector.model.asset import Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What a host proved beyond a token."""

    agent_id: AgentId
    """The instance's id."""
    method: str
    account: str
    region: str
    attested_at: datetime
    pending_time: datetime | None = None
    """When the instance was last launched, where its proof says."""


class Hindrance(StrEnum):
    """Why a proved host was not enrolled."""

    OTHER_KEY = "other-key"
    """The instance was attested with another host key."""
    KEY_OF_ANOTHER = "key-of-another"
    """The host key is another agent's."""
    KEY_REVOKED = "key-revoked"
    OLD_PROOF = "old-proof"
    """The proof is of an earlier launch than one seen before."""
    BAD_TOKEN = "bad-token"  # noqa: S105 - a reason's name


class IdentityStore(Protocol):
    """Keeps who is who, across the agents of an `AgentStore`."""

    def attest(self, agent: Agent, proof: Attestation, token_digest: str | None) -> Agent | Hindrance:
        """Bind the agent's key to the instance on first sight and enrol it, in one transaction.

        The same key again gets its agent back and renews the attestation; another key is refused until `release`.
        A token, where given, is used up once by a newcomer and gives it its tags.
        """
        ...

    def attestation(self, agent: AgentId) -> Attestation | None:
        """Return what the host last proved; None for one that enrolled by token."""
        ...

    def list_attestations(self) -> Sequence[Attestation]:
        """Return what every attested host last proved, by its id."""
        ...

    def release(self, agent: AgentId) -> bool:
        """Forget the instance's key, and the agent with it: the next key that proves the instance is bound to it.

        Says whether there was one. The latest launch seen is not forgotten.
        """
        ...

    def rotate_key(self, agent: AgentId, old: bytes, new: bytes, at: datetime) -> bool:
        """Replace the agent's raw public key in one step and revoke the old one; True also where that was done before.

        False where the agent has neither key, or where the new one is revoked or another agent's.
        """
        ...

    def is_revoked(self, key_id: str) -> bool:
        """Say whether a key was revoked, or replaced by another."""
        ...

    def keys_by_id(self, ids: Sequence[AgentId]) -> Mapping[AgentId, bytes]:
        """Return the raw public keys of the agents that exist."""
        ...

    def ask_reattestation(self, agent: AgentId, at: datetime) -> bool:
        """Note that the agent is to prove itself again; says whether there is such an agent."""
        ...

    def reattestations_asked(self) -> Sequence[AgentId]:
        """Return the agents that are to prove themselves again, by id."""
        ...

    def reattested(self, agent: AgentId) -> None:
        """Note that it has."""
        ...

    def set_tags(self, agent: AgentId, tags: tuple[Tag, ...]) -> bool:
        """Replace the agent's tags; says whether there is such an agent."""
        ...
