"""Verify signed requests (`openinspector.wire.signature`), cheapest check first.

1. Headers: each at most once and well-formed, media type, announced length.
2. In a session: the session they name, and that the key belongs to it.
3. The clock window.
4. In a session: the counter is above the last one, and the request rate is within its limit.
5. The signature, over method, path, content digest, session and counter (71 µs).
6. The body, received up to the limit and in time; its digest is the one signed.

The signature covers the body's digest, so in a session a stranger is refused before a byte of the body is kept.
"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.model.agent import AgentId
from openinspector.model.errors import WireError
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.gateway.gateway import Gateway
from openinspector.wire.envelope import SLOWEST_BYTES_A_SECOND
from openinspector.wire.signature import (
    CLOCK_WINDOW_SECONDS,
    CONTENT_DIGEST,
    COUNTER,
    SESSION,
    SIGNATURE,
    SIGNATURE_INPUT,
    SignedRequest,
    key_id,
    parse_headers,
)

JSON: Final = "application/json"
OCTETS: Final = "application/octet-stream"
BODY_SECONDS: Final = 60
"""How long a body may take to arrive, in addition to the time for its bytes (`SLOWEST_BYTES_A_SECOND`)."""
_HASHED_IN_LOOP: Final = 128 * 1024
"""Up to this size, hashing on the event loop is cheaper than in a thread."""
_READ: Final = frozenset(
    {CONTENT_DIGEST, COUNTER, SESSION, SIGNATURE, SIGNATURE_INPUT, "content-type", "content-encoding", "content-length"}
)

T = TypeVar("T")


class PeerConnection(Protocol):
    """The connection of a request, as the listener knows it."""

    def prove(self, agent_id: str) -> bool:
        """Record that ``agent_id`` is at the other end. Return False if the agent has too many connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The body an endpoint accepts: its media type and its maximum size in bytes."""

    media_type: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproved:
    """A request outside a session: fresh and complete, but its signature is not verified yet."""

    claim: SignedRequest
    body: bytes

    def check_signature(self, public_key: bytes) -> None:
        """Raise RefusedError unless the request was signed with the key to this raw public key."""
        if not hmac.compare_digest(self.claim.key_id, key_id(public_key)):
            raise _bad_signature("the id of another key")
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.claim.signature, self.claim.base)
        except (InvalidSignature, ValueError) as refused:
            raise _bad_signature("a signature that does not verify") from refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An agent with a verified request head; the body is not read yet."""

    agent_id: AgentId
    instance: str
    """The agent process that opened the session; empty if it sent none."""
    claim: SignedRequest
    request: Request
    limit: int

    @property
    def announced(self) -> int:
        """Size of the body in bytes: the announced length, or else the limit."""
        return _announced(self.request, self.limit)

    async def read_body(self) -> bytes:
        """Receive the signed body; RefusedError."""
        return await _read_body(self.request, self.claim, self.limit)


async def read_unproved(gateway: Gateway, request: Request, expected: Body) -> Unproved:
    """Read a signed request outside a session; RefusedError."""
    claim = _claim(request, expected)
    _check_clock(claim, gateway.clock.now())
    return Unproved(claim=claim, body=await _read_body(request, claim, expected.limit))


def authenticate(gateway: Gateway, request: Request, expected: Body) -> Caller:
    """Verify the headers of a request in a session and return who sent it; RefusedError."""
    claim = _claim(request, expected)
    if claim.covered.session is None or claim.covered.counter is None:
        raise RefusedError(
            RefusalCode.UNSIGNED, "the request names no session", advice="Open a session and number requests in it."
        )
    if gateway.is_stale():
        raise RefusedError(RefusalCode.BUSY, "the service cannot access its storage at the moment", retry_after=10)
    now = gateway.clock.now()
    session = gateway.sessions.find(claim.covered.session, now)
    if claim.key_id != session.key_id:
        raise _bad_signature("the id of another key")
    _check_clock(claim, now)
    session.check_counter(claim.covered.counter)
    session.spend(now)
    if not session.verify(claim.signature, claim.base):
        raise _bad_signature("a signature that does not verify")
    # Only the holder of the key advances the counter and claims the connection.
    session.counter = claim.covered.counter
    _prove_connection(request, session.agent_id)
    return Caller(
        agent_id=session.agent_id, instance=session.instance, claim=claim, request=request, limit=expected.limit
    )


def decode_body(body: bytes, decoder: msgspec.json.Decoder[T], what: str) -> T:
    """Decode a JSON body strictly; RefusedError says what is wrong and where."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as wrong:
        raise RefusedError(
            RefusalCode.INVALID_MESSAGE,
            f"the body is not a valid {what}: {str(wrong)[:300]}",
            advice="Agent and service must speak the same version of the protocol.",
        ) from wrong


def _claim(request: Request, expected: Body) -> SignedRequest:
    headers = _headers(request)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != expected.media_type:
        raise RefusedError(RefusalCode.UNSUPPORTED_MEDIA, f"the body must be {expected.media_type}")
    if headers.get("content-encoding", "identity") != "identity":
        raise RefusedError(RefusalCode.UNSUPPORTED_MEDIA, "the body must not be encoded")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > expected.limit:
        raise _too_large(expected.limit)
    if SIGNATURE not in headers or SIGNATURE_INPUT not in headers:
        raise RefusedError(
            RefusalCode.UNSIGNED, "the request is not signed", advice="Sign it with the host key (RFC 9421)."
        )
    try:
        return parse_headers(request.method, request.scope["raw_path"].decode("latin-1"), headers)
    except WireError as wrong:
        raise RefusedError(RefusalCode.MALFORMED_REQUEST, str(wrong), advice=wrong.advice) from wrong


def _headers(request: Request) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for raw, value in request.scope["headers"]:
        name = raw.decode("latin-1")
        if name not in _READ:
            continue
        if name in headers:
            raise RefusedError(RefusalCode.MALFORMED_REQUEST, f"the header {name} occurs twice")
        headers[name] = value.decode("latin-1")
    return headers


def _prove_connection(request: Request, agent_id: AgentId) -> None:
    """Report the agent of this connection to the listener; RefusedError if it has too many."""
    connection: PeerConnection | None = request.scope.get("state", {}).get("connection")
    if connection is not None and not connection.prove(agent_id):
        raise RefusedError(
            RefusalCode.THROTTLED,
            "this agent has too many connections open",
            advice="Use one connection; look for a second agent with this host's key.",
            retry_after=5,
        )


def _check_clock(claim: SignedRequest, now: datetime) -> None:
    if not claim.is_fresh(int(now.timestamp())):
        raise RefusedError(
            RefusalCode.STALE_CLOCK,
            f"the request was signed more than {CLOCK_WINDOW_SECONDS} s from now, which is {now.isoformat()}",
            advice="Set the host's clock.",
        )


async def _read_body(request: Request, claim: SignedRequest, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS + _announced(request, limit) / SLOWEST_BYTES_A_SECOND):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
    except TimeoutError as late:
        raise RefusedError(
            RefusalCode.BUSY, "the body did not arrive in time", advice="Send it again.", retry_after=2
        ) from late
    body = b"".join(chunks)
    hashed_here = size <= _HASHED_IN_LOOP
    if not (claim.covers(body) if hashed_here else await run_in_threadpool(claim.covers, body)):
        raise RefusedError(RefusalCode.BAD_SIGNATURE, "the body does not match the signed digest")
    return body


def _announced(request: Request, limit: int) -> int:
    """Return the announced length, which `_claim` has checked; ``limit`` for a chunked body."""
    length = request.headers.get("content-length")
    return limit if length is None or "transfer-encoding" in request.headers else int(length[:20])


def _bad_signature(what: str) -> RefusedError:
    return RefusedError(
        RefusalCode.BAD_SIGNATURE, f"the request carries {what}", advice="Sign it with the host key that was enrolled."
    )


def _too_large(limit: int) -> RefusedError:
    return RefusedError(RefusalCode.BODY_TOO_LARGE, f"the body is larger than {limit} bytes, or its length unreadable")
