"""``POST /agent/v1/manifest``: an agent closes its stream of a run."""

from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, Body, authenticate, decode_body
from openinspector.wire.message import Manifest, ManifestReply

_BODY: Final = Body(media_type=JSON, limit=4 * 1024)
_DECODER: Final = msgspec.json.Decoder(Manifest)


async def manifest(gateway: Gateway, request: Request) -> ManifestReply:
    """Close a stream, or say what is missing."""
    caller = authenticate(gateway, request, _BODY)
    with gateway.uploads.hold(caller.agent_id, caller.announced):
        claimed = decode_body(await caller.read_body(), _DECODER, "manifest")
        async with gateway.ingests:
            return await run_in_threadpool(gateway.telemetry.close, caller.agent_id, claimed)
