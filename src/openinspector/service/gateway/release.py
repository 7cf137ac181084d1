"""``POST /agent/v1/release``: which of the signed releases a host is offered."""

from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, Body, authenticate, decode_body
from openinspector.wire.release import ReleaseReply, ReleaseRequest

_BODY: Final = Body(media_type=JSON, limit=4 * 1024)
_DECODER: Final = msgspec.json.Decoder(ReleaseRequest)


async def release(gateway: Gateway, request: Request) -> ReleaseReply:
    """Answer from the agent's rollout ring."""
    caller = authenticate(gateway, request, _BODY)
    asked = decode_body(await caller.read_body(), _DECODER, "release request")
    return await run_in_threadpool(gateway.releases.offer, caller.agent_id, asked)
