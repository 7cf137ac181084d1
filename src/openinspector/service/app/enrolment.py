"""Enrolment: nonces, join tokens, and how an attested host becomes an agent.

- A nonce is 256 bits, is used once, and lives two minutes in memory.
- A join token is 256 bits; only its SHA-256 is stored, with an expiry and a number of uses.
- A key that enrols again gets the same agent and does not use a token.
- An attested host keeps its proven id and the first key that attested it until an administrator releases it.
- A revoked key cannot enrol, whatever its evidence.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NoReturn

from openinspector.model.agent import Agent, AgentId
from openinspector.model.asset import Tag
from openinspector.service.app.attestation import JOIN_TOKEN, Attesting, InstanceProof, Shown, TokenProof, refuse
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.ports.agent_store import AgentStore, EnrolmentToken
from openinspector.service.ports.identity_store import Hindrance, IdentityStore
from openinspector.wire.message import Challenge, EnrolmentRequest
from openinspector.wire.signature import key_id

NONCE_LIFETIME: Final = timedelta(minutes=2)
_SECRET_BYTES: Final = 32
_ID_BYTES: Final = 9

Random = Callable[[int], bytes]
"""Returns the given number of unpredictable bytes."""


class Nonces:
    """Issued and unused nonces, at most ``limit``. Used from the gateway's event loop only."""

    def __init__(self, random: Random, limit: int = 100_000) -> None:
        self._random = random
        self._limit = limit
        self._expiry: dict[str, datetime] = {}

    def __len__(self) -> int:
        return len(self._expiry)

    def issue(self, now: datetime) -> Challenge:
        """Return a fresh nonce."""
        # A flood evicts the oldest nonces; an honest agent uses its nonce within milliseconds.
        while self._expiry and (self._oldest_expired(now) or len(self._expiry) >= self._limit):
            del self._expiry[next(iter(self._expiry))]
        nonce = _text(self._random(_SECRET_BYTES))
        expires_at = now + NONCE_LIFETIME
        self._expiry[nonce] = expires_at
        return Challenge(nonce=nonce, expires_at=expires_at)

    def use(self, nonce: str, now: datetime) -> None:
        """Consume a nonce; RefusedError if it is unknown, expired or used."""
        expires_at = self._expiry.pop(nonce, None)
        if expires_at is None or expires_at <= now:
            raise RefusedError(
                RefusalCode.BAD_NONCE, "the nonce is unknown, expired or used", advice="Request a new challenge."
            )

    def _oldest_expired(self, now: datetime) -> bool:
        return next(iter(self._expiry.values())) <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Limits of a join token: number of hosts, expiry, and their tags."""

    tags: tuple[Tag, ...]
    uses: int
    expires_at: datetime


def create_token(store: AgentStore, grant: Grant, now: datetime, random: Random) -> str:
    """Add a join token and return it; its text is not stored."""
    token = _text(random(_SECRET_BYTES))
    # `enrol --token TOKEN`: a command line takes a leading dash for an option.
    while token.startswith("-"):
        token = _text(random(_SECRET_BYTES))
    store.add_token(
        EnrolmentToken(
            digest=token_digest(token),
            tags=grant.tags,
            uses_left=grant.uses,
            created_at=now,
            expires_at=grant.expires_at,
        )
    )
    return token


def token_digest(token: str) -> str:
    """Return the SHA-256 of a token, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_agent_id(random: Random) -> AgentId:
    """Return a fresh id for a host that is not an EC2 instance (decisions): ``host-`` and 17 hexadecimal digits."""
    return AgentId(f"host-{random(_ID_BYTES).hex()[:17]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The parts that decide whether a host becomes an agent."""

    agents: AgentStore
    identities: IdentityStore
    attesting: Attesting
    new_id: Callable[[], AgentId]


def enrol(admission: Admission, request: EnrolmentRequest, now: datetime) -> Agent:
    """Enrol a host; RefusedError. The caller has verified its signature and consumed its nonce."""
    own_id = key_id(request.public_key)
    if admission.identities.is_revoked(own_id):
        raise revoked()
    evidence = dict(request.evidence)
    token = None if request.method == JOIN_TOKEN else evidence.pop(JOIN_TOKEN, None)
    shown = Shown(evidence=evidence, key_id=own_id, nonce=request.nonce, now=now)
    proof = admission.attesting.attest(request.method, shown)
    if isinstance(proof, TokenProof):
        newcomer = Agent(
            id=admission.new_id(), public_key=request.public_key, tags=(), enrolled_at=now, host=request.host
        )
        agent = admission.agents.enrol(proof.digest, newcomer)
        if agent is None:
            _hinder(Hindrance.BAD_TOKEN, newcomer.id)
        return agent
    return _enrol_attested(admission, request, proof, now, token)


def _enrol_attested(
    admission: Admission, request: EnrolmentRequest, proof: InstanceProof, now: datetime, token: str | None
) -> Agent:
    newcomer = Agent(
        id=proof.instance_id,
        public_key=request.public_key,
        tags=(),
        enrolled_at=now,
        host=request.host,
        ami_id=proof.ami_id,
    )
    attestation = proof.attestation(request.method, now)
    enrolled = admission.identities.attest(newcomer, attestation, token_digest(token) if token is not None else None)
    if isinstance(enrolled, Hindrance):
        if enrolled in (Hindrance.OTHER_KEY, Hindrance.OLD_PROOF):
            # An honest instance has one agent with one key, and its last launch is never older than a known one.
            admission.attesting.ring(f"attestation-{enrolled.value}")
        _hinder(enrolled, proof.instance_id)
    return enrolled


def find_agent(admission: Admission, agent_id: AgentId, own_id: str) -> Agent:
    """Return the agent that requests a session; RefusedError. Its signature is not verified yet."""
    found = admission.agents.agents_by_id((agent_id,))
    is_its_own = bool(found) and key_id(found[0].public_key) == own_id
    if not is_its_own and admission.identities.is_revoked(own_id):
        raise revoked()
    if not found:
        raise RefusedError(RefusalCode.UNKNOWN_AGENT, "there is no such agent", advice="Enrol again.")
    return found[0]


def check_attested(admission: Admission, agent_id: AgentId, now: datetime) -> None:
    """Raise RefusedError if an attested host must attest again; an agent with a token has done so with its key.

    A proof expires, by default after a day: the instance may be gone, or its account unlisted. It is renewed before a
    session, not within one, so the wire needs no new instruction or state: the agent enrols again with its key and
    method, then opens the session.
    """
    attestation = admission.identities.attestation(agent_id)
    asked = agent_id in admission.identities.reattestations_asked()
    if attestation is None:
        if asked:
            admission.identities.reattested(agent_id)
        return
    if asked or attestation.attested_at + admission.attesting.holds_for <= now:
        raise RefusedError(
            RefusalCode.ATTESTATION_REQUIRED,
            "this host must attest again",
            advice=f"Enrol again with the same key and method {attestation.method}.",
        )


def revoked() -> RefusedError:
    """Return the error for a revoked key."""
    return RefusedError(
        RefusalCode.REVOKED,
        "this host's key was revoked",
        advice="If the host is to come back: openinspector-agent enrol --new-key, and for an EC2 instance first "
        "openinspector admin agents release ID where the service runs.",
    )


_HINDRANCES: Final[Mapping[Hindrance, tuple[str, str]]] = MappingProxyType(
    {
        Hindrance.OTHER_KEY: (
            "{id} is enrolled with another host key",
            "If the host was recreated, readmit it: openinspector admin agents release {id}",
        ),
        Hindrance.KEY_OF_ANOTHER: ("this host key is another agent's", "Enrol with --new-key."),
        Hindrance.KEY_REVOKED: ("this host's key was revoked", "Enrol with --new-key."),
        Hindrance.OLD_PROOF: (
            "the proof is of an earlier launch of {id} than one seen before",
            "Is the metadata service of this host the real one?",
        ),
        Hindrance.BAD_TOKEN: ("the join token is unknown, expired or used up", "Create a new one and enrol again."),
    }
)


def _hinder(hindrance: Hindrance, agent_id: AgentId) -> NoReturn:
    message, advice = _HINDRANCES[hindrance]
    refuse(message.format(id=agent_id), advice.format(id=agent_id))


def _text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
