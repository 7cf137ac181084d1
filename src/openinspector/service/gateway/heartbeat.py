"""``POST /agent/v1/heartbeat``: answered from memory, without a query and without leaving the event loop."""

from typing import Final

import msgspec
import structlog
from starlette.requests import Request

from openinspector.service.app.heartbeats import check_description
from openinspector.service.app.refusal import RefusedError
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.request import JSON, Body, authenticate, decode_body
from openinspector.wire.message import Heartbeat, HeartbeatReply

_BODY: Final = Body(media_type=JSON, limit=64 * 1024)
_DECODER: Final = msgspec.json.Decoder(Heartbeat)
_log = structlog.get_logger()


async def heartbeat(gateway: Gateway, request: Request) -> HeartbeatReply:
    """Note a heartbeat and return the agent's instructions."""
    caller = authenticate(gateway, request, _BODY)
    said = decode_body(await caller.read_body(), _DECODER, "heartbeat")
    now = gateway.clock.now()
    check_description(said.host)
    try:
        gateway.copied_hosts.heard(caller.agent_id, caller.instance, said.host, now)
    except RefusedError as copied:
        # Both hosts get the refusal: this one now, the other one when it asks for a new session.
        gateway.sessions.drop_agent(caller.agent_id)
        gateway.counters.alarm(copied.code)
        _log.warning("host copied", agent=caller.agent_id, hostname=said.host.hostname, reason=str(copied))
        raise
    return gateway.heartbeats.receive(caller.agent_id, said, now)
