"""Enrolment: nonces, join tokens, and the one seam through which a host becomes an agent.

- A nonce is 256 bits, is used once, and lives two minutes in memory.
- A join token is 256 bits; only its SHA-256 is stored, with an expiry and a number of uses.
- The same key enrolling again gets the same agent and uses nothing up.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from openinspector.model.agent import Agent, AgentId
from openinspector.model.asset import Tag
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.ports.agent_store import AgentStore, EnrolmentToken
from openinspector.wire.message import Challenge, EnrolmentRequest

NONCE_LIFETIME: Final = timedelta(minutes=2)
JOIN_TOKEN: Final = "join_token"  # noqa: S105 - the method's name
_SECRET_BYTES: Final = 32
_ID_BYTES: Final = 9

Random = Callable[[int], bytes]
"""Returns so many unpredictable bytes."""


class Nonces:
    """Nonces that were given out and not used yet, at most ``limit``. Used from the gateway's event loop only."""

    def __init__(self, random: Random, limit: int = 100_000) -> None:
        self._random = random
        self._limit = limit
        self._expiry: dict[str, datetime] = {}

    def __len__(self) -> int:
        return len(self._expiry)

    def issue(self, now: datetime) -> Challenge:
        """Return a fresh nonce."""
        # Who floods us pushes out the oldest; an honest agent uses its nonce within milliseconds.
        while self._expiry and (self._oldest_expired(now) or len(self._expiry) >= self._limit):
            del self._expiry[next(iter(self._expiry))]
        nonce = _text(self._random(_SECRET_BYTES))
        expires_at = now + NONCE_LIFETIME
        self._expiry[nonce] = expires_at
        return Challenge(nonce=nonce, expires_at=expires_at)

    def use(self, nonce: str, now: datetime) -> None:
        """Use a nonce up; RefusedError where it is unknown, expired or was used."""
        expires_at = self._expiry.pop(nonce, None)
        if expires_at is None or expires_at <= now:
            raise RefusedError(
                RefusalCode.BAD_NONCE, "the nonce is unknown, expired or used", advice="Ask for a new challenge."
            )

    def _oldest_expired(self, now: datetime) -> bool:
        return next(iter(self._expiry.values())) <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a join token allows: so many hosts, until then, carrying these tags."""

    tags: tuple[Tag, ...]
    uses: int
    expires_at: datetime


def create_token(store: AgentStore, grant: Grant, now: datetime, random: Random) -> str:
    """Add a join token and return it; this is the only time its text exists."""
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
    """Return the SHA-256 a token is stored under, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_agent_id(random: Random) -> AgentId:
    """Return a fresh id for a host that is not an EC2 instance (decisions): ``host-`` and 17 hexadecimal digits."""
    return AgentId(f"host-{random(_ID_BYTES).hex()[:17]}")


def enrol(store: AgentStore, request: EnrolmentRequest, now: datetime, new_id: Callable[[], AgentId]) -> Agent:
    """Make the host an agent; RefusedError. The caller has checked its signature and used its nonce up."""
    token = request.evidence.get("token")
    if request.method != JOIN_TOKEN or token is None or len(request.evidence) != 1:
        raise RefusedError(
            RefusalCode.ENROLMENT_REFUSED,
            f"{request.method!r} with this evidence proves nothing here",
            advice="Enrol with method join_token and one piece of evidence, token.",
        )
    newcomer = Agent(id=new_id(), public_key=request.public_key, tags=(), enrolled_at=now, host=request.host)
    agent = store.enrol(token_digest(token), newcomer)
    if agent is None:
        raise RefusedError(
            RefusalCode.ENROLMENT_REFUSED,
            "the join token is unknown, expired or used up",
            advice="Make a new one and enrol again.",
        )
    return agent


def _text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
