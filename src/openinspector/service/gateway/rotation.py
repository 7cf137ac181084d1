"""``POST /agent/v1/rotation``: an agent replaces its host key; old and new key have both signed."""

from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.app.rotation import rotate_key
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, Body, authenticate, decode_body
from openinspector.wire.message import KeyRotated, KeyRotation
from openinspector.wire.signature import key_id

_BODY: Final = Body(media_type=JSON, limit=1024)
_DECODER: Final = msgspec.json.Decoder(KeyRotation)


async def rotation(gateway: Gateway, request: Request) -> KeyRotated:
    """Replace the key of the session's agent and end its sessions."""
    caller = authenticate(gateway, request, _BODY)
    session = gateway.sessions.find(caller.claim.covered.session or "", gateway.clock.now())
    asked = decode_body(await caller.read_body(), _DECODER, "key rotation")
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
