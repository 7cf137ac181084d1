"""Endpoints for updates of the agent: the release that a host is offered, and the result of installing it."""

from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, Body, authenticate, decode_body
from openinspector.wire.release import ReleaseReply, ReleaseReport, ReleaseRequest, ReportReceipt

_RELEASE_BODY: Final = Body(media_type=JSON, limit=4 * 1024)
_RELEASE: Final = msgspec.json.Decoder(ReleaseRequest)
_RELEASE_REPORT_BODY: Final = Body(media_type=JSON, limit=16 * 1024)
_RELEASE_REPORT: Final = msgspec.json.Decoder(ReleaseReport)


async def release(gateway: Gateway, request: Request) -> ReleaseReply:
    """Return the release that the agent's rollout ring offers (``release``)."""
    caller = authenticate(gateway, request, _RELEASE_BODY)
    asked = decode_body(await caller.read_body(), _RELEASE, "release request")
    return await run_in_threadpool(gateway.releases.offer, caller.agent_id, asked)


async def release_report(gateway: Gateway, request: Request) -> ReportReceipt:
    """Store the result of an update, if it is of a release that the agent was offered (``release-report``)."""
    caller = authenticate(gateway, request, _RELEASE_REPORT_BODY)
    report = decode_body(await caller.read_body(), _RELEASE_REPORT, "release report")
    recorded = await run_in_threadpool(gateway.releases.report, caller.agent_id, report)
    if not recorded:
        gateway.counters.lost("release-reports-ignored", 1)
    return ReportReceipt(recorded=recorded)
