"""Health of this node, for load balancers and supervisors: one word, without authentication and without secrets.

``/healthz``: the process answers. ``/readyz``: it can serve; 503 names what is missing.
"""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from openinspector.service.app.readiness import READY, Readiness

_UNAVAILABLE: Final = 503


def routes(readiness: Readiness) -> list[Route]:
    """Return both routes."""

    async def healthz(_request: Request) -> Response:
        """Answer that the process lives (ASGI endpoint)."""
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        """Answer whether this node can serve (ASGI endpoint)."""
        state = await run_in_threadpool(readiness.state)
        return PlainTextResponse(f"{state}\n", 200 if state == READY else _UNAVAILABLE)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]
