"""``POST /agent/v1/telemetry``: one envelope, stored for good before the reply."""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import OCTETS, Body, authenticate
from openinspector.wire.envelope import MAX_ENVELOPE_BYTES
from openinspector.wire.message import Receipt

_BODY: Final = Body(media_type=OCTETS, limit=MAX_ENVELOPE_BYTES)


async def telemetry(gateway: Gateway, request: Request) -> Receipt:
    """Take an envelope in, if hands are free."""
    caller = authenticate(gateway, request, _BODY)
    with gateway.uploads.hold(caller.agent_id, caller.announced):
        body = await caller.read_body()
        async with gateway.ingests:
            return await run_in_threadpool(gateway.telemetry.ingest, caller.agent_id, body)
