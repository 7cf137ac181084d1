"""``POST /agent/v1/session``: an agent opens a session, bound to its host key."""

from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.model.agent import AgentId
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, Body, decode_body, read_unproved
from openinspector.wire.message import Session, SessionRequest

_BODY: Final = Body(media_type=JSON, limit=4 * 1024)
_DECODER: Final = msgspec.json.Decoder(SessionRequest)


async def session(gateway: Gateway, request: Request) -> Session:
    """Use the nonce up, check the signature of the agent's key, and open a session."""
    unproved = await read_unproved(gateway, request, _BODY)
    asked = decode_body(unproved.body, _DECODER, "session request")
    now = gateway.clock.now()
    gateway.nonces.use(asked.nonce, now)
    with gateway.admissions.hold(asked.agent_id):
        found = await run_in_threadpool(gateway.agents.agents_by_id, (AgentId(asked.agent_id),))
    if not found:
        raise RefusedError(
            RefusalCode.UNKNOWN_AGENT, "there is no such agent; it may have been revoked", advice="Enrol again."
        )
    unproved.check_signature(found[0].public_key)
    opened = gateway.sessions.open(found[0], now)
    return Session(
        session_id=opened.id,
        expires_at=opened.expires_at,
        heartbeat_seconds=int(gateway.heartbeats.intervals.idle.total_seconds()),
    )
