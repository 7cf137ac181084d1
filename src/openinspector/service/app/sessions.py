"""Agents' sessions, in memory: valid for at most an hour, bound to the host key, with increasing request numbers.

A restart ends them all; agents open new ones, and recorded requests of the old ones cannot be replayed.
"""

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from openinspector.model.agent import Agent, AgentId
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.wire.signature import key_id

SESSION_LIFETIME: Final = timedelta(hours=1)
SESSIONS_PER_AGENT: Final = 2
"""The current session and the one before it, whose last requests may still be in transit."""
REQUESTS_PER_SECOND: Final = 50.0
BURST: Final = 200.0


@dataclass(slots=True, kw_only=True)
class LiveSession:
    """One session. Used from the gateway's event loop only."""

    id: str = field(repr=False)
    agent_id: AgentId
    key_id: str
    instance: str
    """The agent process that opened it; empty if it sent none."""
    public_key: Ed25519PublicKey = field(repr=False)
    expires_at: datetime
    counter: int = 0
    """The highest number a request has carried."""
    tokens: float = BURST
    """Requests it may send now (token bucket)."""
    refilled_at: datetime

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Return True if the session's host key signed ``message``."""
        try:
            self.public_key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def spend(self, now: datetime) -> None:
        """Take one request from the bucket. Raise RefusedError if it is empty."""
        elapsed = (now - self.refilled_at).total_seconds()
        self.tokens = min(BURST, self.tokens + max(0.0, elapsed) * REQUESTS_PER_SECOND)
        self.refilled_at = now
        if self.tokens < 1:
            raise RefusedError(RefusalCode.THROTTLED, "this session sends too many requests", retry_after=1)
        self.tokens -= 1

    def check_counter(self, counter: int) -> None:
        """Raise RefusedError if a request's number is not above the last."""
        if counter <= self.counter:
            raise RefusedError(
                RefusalCode.REPLAYED,
                f"request number {counter} is not above {self.counter}",
                advice="Number requests upwards within a session, or open a new one.",
            )


class Sessions:
    """Live sessions, at most ``limit``. Thread-safe."""

    def __init__(self, random: Callable[[int], bytes], limit: int = 200_000) -> None:
        self._random = random
        self._limit = limit
        self._lock = threading.RLock()
        # Insertion order is order of expiry, because all sessions live equally long.
        self._by_id: dict[str, LiveSession] = {}
        self._of_agent: dict[AgentId, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def open(self, agent: Agent, now: datetime, instance: str = "") -> LiveSession:
        """Open a session for an agent that has proved its key; RefusedError if there are too many."""
        with self._lock:
            self._expire(now)
            for superseded in self._of_agent.get(agent.id, ())[: 1 - SESSIONS_PER_AGENT]:
                self._forget(self._by_id[superseded])
            if len(self._by_id) >= self._limit:
                raise RefusedError(RefusalCode.BUSY, "too many sessions are open", retry_after=60)
            session = LiveSession(
                id=base64.urlsafe_b64encode(self._random(24)).decode(),
                agent_id=agent.id,
                key_id=key_id(agent.public_key),
                instance=instance,
                public_key=Ed25519PublicKey.from_public_bytes(agent.public_key),
                expires_at=now + SESSION_LIFETIME,
                refilled_at=now,
            )
            self._of_agent[agent.id] = (*self._of_agent.get(agent.id, ()), session.id)
            self._by_id[session.id] = session
            return session

    def find(self, session_id: str, now: datetime) -> LiveSession:
        """Return a live session; RefusedError."""
        session = self._by_id.get(session_id)
        if session is None or session.expires_at <= now:
            raise RefusedError(
                RefusalCode.UNKNOWN_SESSION, "there is no such session", advice="Open a new session and send it again."
            )
        return session

    def agents(self) -> tuple[AgentId, ...]:
        """Return the agents that have a session."""
        return tuple(self._of_agent)

    def drop_agent(self, agent: AgentId) -> None:
        """End an agent's sessions at once: it was revoked."""
        with self._lock:
            for session_id in self._of_agent.pop(agent, ()):
                del self._by_id[session_id]

    def drop_agent_unless(self, agent: AgentId, public_key: bytes | None) -> bool:
        """End an agent's sessions unless all are bound to this raw key. Return True if any were ended."""
        wanted = None if public_key is None else key_id(public_key)
        with self._lock:
            if all(self._by_id[session_id].key_id == wanted for session_id in self._of_agent.get(agent, ())):
                return False
            self.drop_agent(agent)
            return True

    def _expire(self, now: datetime) -> None:
        while self._by_id and (oldest := next(iter(self._by_id.values()))).expires_at <= now:
            self._forget(oldest)

    def _forget(self, session: LiveSession) -> None:
        del self._by_id[session.id]
        left = tuple(held for held in self._of_agent[session.agent_id] if held != session.id)
        if left:
            self._of_agent[session.agent_id] = left
        else:
            del self._of_agent[session.agent_id]
