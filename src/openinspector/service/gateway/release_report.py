"""``POST /agent/v1/release-report``: what became of an update on a host."""

from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, Body, authenticate, decode_body
from openinspector.wire.release import ReleaseReport, ReportReceipt

_BODY: Final = Body(media_type=JSON, limit=16 * 1024)
_DECODER: Final = msgspec.json.Decoder(ReleaseReport)


async def release_report(gateway: Gateway, request: Request) -> ReportReceipt:
    """Keep the report where it is of what the agent was offered."""
    caller = authenticate(gateway, request, _BODY)
    report = decode_body(await caller.read_body(), _DECODER, "release report")
    recorded = await run_in_threadpool(gateway.releases.report, caller.agent_id, report)
    if not recorded:
        gateway.counters.lost("release-reports-ignored", 1)
    return ReportReceipt(recorded=recorded)
