"""``POST /agent/v1/heartbeat``: answered from memory, without a query and without leaving the event loop."""

from typing import Final

import msgspec
from starlette.requests import Request

from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, Body, authenticate, decode_body
from openinspector.wire.message import Heartbeat, HeartbeatReply

_BODY: Final = Body(media_type=JSON, limit=64 * 1024)
_DECODER: Final = msgspec.json.Decoder(Heartbeat)


async def heartbeat(gateway: Gateway, request: Request) -> HeartbeatReply:
    """Note that an agent is there and tell it what to do."""
    caller = authenticate(gateway, request, _BODY)
    said = decode_body(await caller.read_body(), _DECODER, "heartbeat")
    return gateway.heartbeats.receive(caller.agent_id, said, gateway.clock.now())
