"""``POST /agent/v1/session``: an agent opens a session, bound to its host key."""

from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.model.agent import AgentId
from openinspector.service.app.enrolment import check_attested, find_agent
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
    agent_id = AgentId(asked.agent_id)
    with gateway.admissions.hold(agent_id):
        agent = await run_in_threadpool(find_agent, gateway.admission, agent_id, unproved.claim.key_id)
        unproved.check_signature(agent.public_key)
        await run_in_threadpool(check_attested, gateway.admission, agent_id, now)
    gateway.copied_hosts.check_opening(agent_id, asked.instance, now)
    opened = gateway.sessions.open(agent, now, asked.instance)
    return Session(
        session_id=opened.id,
        expires_at=opened.expires_at,
        heartbeat_seconds=int(gateway.heartbeats.intervals.idle.total_seconds()),
    )
