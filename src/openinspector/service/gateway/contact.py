"""Endpoints of an agent in a session: heartbeat, telemetry, and the manifest that closes a stream."""

from typing import Final

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openinspector.service.app.heartbeats import check_description
from openinspector.service.app.refusal import RefusedError
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, OCTETS, Body, authenticate, decode_body
from openinspector.wire.envelope import MAX_ENVELOPE_BYTES
from openinspector.wire.message import Heartbeat, HeartbeatReply, Manifest, ManifestReply, Receipt

_HEARTBEAT_BODY: Final = Body(media_type=JSON, limit=64 * 1024)
_HEARTBEAT: Final = msgspec.json.Decoder(Heartbeat)
_TELEMETRY_BODY: Final = Body(media_type=OCTETS, limit=MAX_ENVELOPE_BYTES)
_MANIFEST_BODY: Final = Body(media_type=JSON, limit=4 * 1024)
_MANIFEST: Final = msgspec.json.Decoder(Manifest)
_log = structlog.get_logger()


async def heartbeat(gateway: Gateway, request: Request) -> HeartbeatReply:
    """Record a heartbeat and return the agent's instructions (``heartbeat``).

    Answered from memory on the event loop, without a query.
    """
    caller = authenticate(gateway, request, _HEARTBEAT_BODY)
    heartbeat = decode_body(await caller.read_body(), _HEARTBEAT, "heartbeat")
    now = gateway.clock.now()
    check_description(heartbeat.host)
    try:
        gateway.copied_hosts.record_heartbeat(caller.agent_id, caller.instance, heartbeat.host, now)
    except RefusedError as copied:
        # Both hosts get the refusal: this one now, the other one when it asks for a new session.
        gateway.sessions.drop_agent(caller.agent_id)
        gateway.counters.alarm(copied.code)
        _log.warning("host copied", agent=caller.agent_id, hostname=heartbeat.host.hostname, reason=str(copied))
        raise
    return gateway.heartbeats.receive(caller.agent_id, heartbeat, now)


async def telemetry(gateway: Gateway, request: Request) -> Receipt:
    """Store an envelope durably and return its receipt (``telemetry``)."""
    caller = authenticate(gateway, request, _TELEMETRY_BODY)
    with gateway.uploads.hold(caller.agent_id, caller.announced):
        body = await caller.read_body()
        async with gateway.ingests:
            return await run_in_threadpool(gateway.telemetry.ingest, caller.agent_id, body)


async def manifest(gateway: Gateway, request: Request) -> ManifestReply:
    """Close a stream, or return what is missing (``manifest``)."""
    caller = authenticate(gateway, request, _MANIFEST_BODY)
    with gateway.uploads.hold(caller.agent_id, caller.announced):
        claimed = decode_body(await caller.read_body(), _MANIFEST, "manifest")
        async with gateway.ingests:
            return await run_in_threadpool(gateway.telemetry.close, caller.agent_id, claimed)
