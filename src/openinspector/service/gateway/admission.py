"""Endpoints by which a host becomes an agent and stays one: challenge, enrolment, session, key rotation."""

from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.model.agent import AgentId
from openinspector.service.app.attestation import JOIN_TOKEN
from openinspector.service.app.enrolment import check_attested, enrol, find_agent
from openinspector.service.app.heartbeats import check_description
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.app.rotation import rotate_key
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, Body, authenticate, decode_body, read_unproved
from openinspector.wire.message import (
    Challenge,
    Enrolment,
    EnrolmentRequest,
    KeyRotated,
    KeyRotation,
    Session,
    SessionRequest,
)
from openinspector.wire.signature import key_id

_ENROLMENT_BODY: Final = Body(media_type=JSON, limit=16 * 1024)
_ENROLMENT: Final = msgspec.json.Decoder(EnrolmentRequest)
_SESSION_BODY: Final = Body(media_type=JSON, limit=4 * 1024)
_SESSION: Final = msgspec.json.Decoder(SessionRequest)
_ROTATION_BODY: Final = Body(media_type=JSON, limit=1024)
_ROTATION: Final = msgspec.json.Decoder(KeyRotation)


async def challenge(gateway: Gateway, _request: Request) -> Challenge:
    """Return a nonce (``challenge``). This is the one request that is not signed."""
    return gateway.nonces.issue(gateway.clock.now())


async def enrolment(gateway: Gateway, request: Request) -> Enrolment:
    """Check the signature of the new key, use the nonce, and enrol the host (``enrolment``)."""
    unproved = await read_unproved(gateway, request, _ENROLMENT_BODY)
    asked = decode_body(unproved.body, _ENROLMENT, "enrolment request")
    check_description(asked.host)
    now = gateway.clock.now()
    gateway.nonces.use(asked.nonce, now)
    unproved.check_signature(asked.public_key)
    slots = gateway.admissions if asked.method == JOIN_TOKEN else gateway.attestations
    with slots.hold(unproved.claim.key_id):
        agent = await run_in_threadpool(enrol, gateway.admission, asked, now)
    return Enrolment(agent_id=agent.id)


async def session(gateway: Gateway, request: Request) -> Session:
    """Use the nonce, check the signature of the agent's key, and open a session (``session``)."""
    unproved = await read_unproved(gateway, request, _SESSION_BODY)
    asked = decode_body(unproved.body, _SESSION, "session request")
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


async def rotation(gateway: Gateway, request: Request) -> KeyRotated:
    """Replace the key of the session's agent and end its sessions (``rotation``)."""
    caller = authenticate(gateway, request, _ROTATION_BODY)
    session = gateway.sessions.find(caller.claim.covered.session or "", gateway.clock.now())
    asked = decode_body(await caller.read_body(), _ROTATION, "key rotation")
    with gateway.admissions.hold(caller.agent_id):
        done = await run_in_threadpool(rotate_key, gateway.admission, session, asked, gateway.clock.now())
    if not done:
        raise RefusedError(
            RefusalCode.ROTATION_REFUSED,
            "the host key cannot be replaced by this one",
            advice="Start the rotation again, with another new key.",
        )
    gateway.sessions.drop_agent(caller.agent_id)
    gateway.copied_hosts.forget(caller.agent_id)
    return KeyRotated(key_id=key_id(asked.public_key))
