"""The gateway's routes below ``/agent/``; version 1 of the protocol (`openinspector.wire.message`)."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.routing import Route

from openinspector.service.gateway.admission import challenge, enrolment, rotation, session
from openinspector.service.gateway.contact import heartbeat, manifest, telemetry
from openinspector.service.gateway.endpoint import Endpoint, no_such_endpoint
from openinspector.service.gateway.gateway import Gateway
from openinspector.service.gateway.updates import release, release_report

ROOT: Final = "/agent/v1"

_ENDPOINTS: Final[Mapping[str, Callable[[Gateway, Request], Awaitable[msgspec.Struct]]]] = MappingProxyType(
    {
        "heartbeat": heartbeat,
        "telemetry": telemetry,
        "manifest": manifest,
        "session": session,
        "challenge": challenge,
        "enrolment": enrolment,
        "rotation": rotation,
        "release": release,
        "release-report": release_report,
    }
)


def routes(gateway: Gateway) -> list[Route]:
    """Return the routes that serve agents; the most frequent first, because they are tried in order."""
    served = [
        Route(f"{ROOT}/{name}", Endpoint(name, partial(handler, gateway), gateway.counters))
        for name, handler in _ENDPOINTS.items()
    ]
    return [*served, Route("/agent/{rest:path}", Endpoint("none", no_such_endpoint, gateway.counters))]
