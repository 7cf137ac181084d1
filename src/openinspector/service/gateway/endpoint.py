"""Endpoint: a POST of the gateway as an ASGI application. Every outcome becomes a reply or a Problem."""

from collections.abc import Awaitable, Callable

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from openinspector.model.errors import StoreError, WireError
from openinspector.service.app.counters import Counters
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.gateway.problem import render_problem

_log = structlog.get_logger()

Handler = Callable[[Request], Awaitable[msgspec.Struct]]
"""Carries out a request and returns its reply. Raises RefusedError, WireError or StoreError."""


class Endpoint:
    """Runs a handler and turns its outcome into a response."""

    def __init__(self, name: str, handler: Handler, counters: Counters) -> None:
        self._name = name
        self._handler = handler
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        try:
            response = await self._respond(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            _check_line(request)
            reply = await self._handler(request)
        except (RefusedError, WireError, StoreError) as error:
            refused = self._as_refusal(error)
        except ClientDisconnect:
            raise
        except Exception:  # noqa: BLE001 - the last line of defence: a Problem, not a stack trace
            _log.exception("gateway request failed", endpoint=self._name)
            refused = RefusedError(RefusalCode.INTERNAL, "the service failed on this request; its log says more")
        else:
            self._counters.replied(self._name)
            return Response(msgspec.json.encode(reply), media_type="application/json")
        self._counters.refused(self._name, refused.code.value)
        return render_problem(refused)

    def _as_refusal(self, error: RefusedError | WireError | StoreError) -> RefusedError:
        if isinstance(error, RefusedError):
            return error
        if isinstance(error, WireError):
            return RefusedError(RefusalCode.INVALID_MESSAGE, str(error), advice=error.advice)
        # A store's message may name paths and tables, which hosts need not see.
        _log.error("gateway store failed", endpoint=self._name, error=str(error))
        return RefusedError(RefusalCode.BUSY, "the service cannot access its storage at the moment", retry_after=10)


def _check_line(request: Request) -> None:
    if request.method != "POST":
        raise RefusedError(RefusalCode.METHOD_NOT_ALLOWED, f"{request.method} is not allowed here", advice="Use POST.")
    if request.scope["query_string"]:
        raise RefusedError(RefusalCode.MALFORMED_REQUEST, "a query is not allowed: the signature would not cover it")


async def no_such_endpoint(request: Request) -> msgspec.Struct:
    """Refuse a path below ``/agent/`` that the gateway does not serve."""
    raise RefusedError(
        RefusalCode.NOT_FOUND, f"there is no {request.url.path[:200]}", advice="The protocol's version is 1."
    )
