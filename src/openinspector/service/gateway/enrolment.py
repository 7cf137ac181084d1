"""``POST /agent/v1/enrolment``: a host proves who it is and becomes an agent."""

from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.service.app.attestation import JOIN_TOKEN
from openinspector.service.app.enrolment import enrol
from openinspector.service.app.heartbeats import check_description
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, Body, decode_body, read_unproved
from openinspector.wire.message import Enrolment, EnrolmentRequest

_BODY: Final = Body(media_type=JSON, limit=16 * 1024)
_DECODER: Final = msgspec.json.Decoder(EnrolmentRequest)


async def enrolment(gateway: Gateway, request: Request) -> Enrolment:
    """Check the signature of the key that is to be enrolled, use the nonce up, and enrol."""
    unproved = await read_unproved(gateway, request, _BODY)
    asked = decode_body(unproved.body, _DECODER, "enrolment request")
    check_description(asked.host)
    now = gateway.clock.now()
    gateway.nonces.use(asked.nonce, now)
    unproved.check_signature(asked.public_key)
    slots = gateway.admissions if asked.method == JOIN_TOKEN else gateway.attestations
    with slots.hold(unproved.claim.key_id):
        agent = await run_in_threadpool(enrol, gateway.admission, asked, now)
    return Enrolment(agent_id=agent.id)
