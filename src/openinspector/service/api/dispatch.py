"""Dispatch: one signed POST to ``/``, an operation of the model, its answer (F11.1, F11.9, F11.12).

1. The headers: who claims to have signed, when, for which scope. Who signed nothing sends no body.
2. The body, at most 1 MiB and within a minute.
3. In a thread: the signature, the operation, whether the key may call it, the arguments, the use case.
"""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from re import sub
from types import MappingProxyType
from typing import Final

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from openinspector.model.errors import OpenInspectorError, StoreError
from openinspector.plugins import modules
from openinspector.service.api.errors import ApiError, access_denied, api_error, internal_error
from openinspector.service.api.model import load_model
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json, parse_input, render_output
from openinspector.service.api.sigv4 import Claim, read_claim, unrecognized_client
from openinspector.service.app.access_keys import allows
from openinspector.service.app.errors import NotBuilt
from openinspector.service.ports.access_key_store import AccessKey

MAX_BODY: Final = 1024 * 1024
BODY_SECONDS: Final = 60
"""How long a body may take to arrive."""
_CONTENT_TYPE: Final = "application/x-amz-json-1.1"
_OK: Final = 200
_NOT_ALLOWED: Final = 405
_TOO_SLOW: Final = 408
_TOO_LARGE: Final = 413
_UNAVAILABLE: Final = 503
_SHOWN: Final = 50

OperationFunction = Callable[[ApiServices, Json], Json | None]

_log = structlog.get_logger()


@cache
def built_operations() -> Mapping[str, OperationFunction]:
    """Return the function of every operation that is built, by the operation's name."""
    names = {_snake(name): name for name in load_model().operations}
    return MappingProxyType(
        {
            names[function]: getattr(module, function)
            for module in modules("openinspector.service.api.operations").values()
            for function in vars(module)
            if function in names
        }
    )


def routes(services: ApiServices) -> list[Route]:
    """Return the API's one route."""
    built_operations()
    return [Route("/", Api(services))]


@dataclass(slots=True)
class _Call:
    """What is known of a request so far, for the log."""

    request_id: str
    user: str = ""
    key: str = ""
    operation: str = ""


class Api:
    """The API as an ASGI application: every outcome becomes an answer with a request id."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        call = _Call(request_id=str(uuid.uuid4()))
        try:
            response = await self._answer(Request(scope, receive), call)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request, call: _Call) -> Response:
        status, failure = _OK, ""
        try:
            claim = self._claim(request)
            content = await run_in_threadpool(self._carry_out, request, claim, await _read(request), call)
        except ClientDisconnect:
            raise
        except OpenInspectorError as error:
            answer = _refusal(error, call)
            status, failure, content = answer.status, answer.exception, msgspec.json.encode(answer.body())
        except Exception:  # noqa: BLE001 - a fault of ours is told without details, and logged with them
            _log.exception("api request failed", request_id=call.request_id, operation=call.operation)
            answer = internal_error()
            status, failure, content = answer.status, answer.exception, msgspec.json.encode(answer.body())
        _log.info(
            "api answered",
            request_id=call.request_id,
            operation=call.operation,
            user=call.user,
            key=call.key,
            status=status,
            failure=failure,
        )
        return Response(content, status, {"x-amzn-RequestId": call.request_id}, _CONTENT_TYPE)

    def _claim(self, request: Request) -> Claim:
        if request.method != "POST":
            raise ApiError("UnknownOperationException", "This API takes POST requests only.", status=_NOT_ALLOWED)
        return read_claim(request.scope["headers"], self._services.realm.region, self._services.clock.now())

    def _carry_out(self, request: Request, claim: Claim, body: bytes, call: _Call) -> bytes:
        key = self._authenticated(claim, body)
        call.user, call.key = key.user, key.id
        operation = _operation(request)
        call.operation = operation
        if not allows(key.actions, operation):
            raise access_denied(self._services.realm, key.user, operation)
        arguments = parse_input(operation, body)
        function = built_operations().get(operation)
        if function is None:
            raise NotBuilt(f"This version of openinspector does not have the operation {operation} yet.")
        return render_output(operation, function(self._services, arguments))

    def _authenticated(self, claim: Claim, body: bytes) -> AccessKey:
        known = self._services.access_keys.secret_of(claim.key_id)
        if known is None:
            raise unrecognized_client()
        secret, key = known
        claim.check(secret, body)
        return key


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise ApiError(
                        "RequestEntityTooLargeException", f"A body has at most {MAX_BODY} bytes.", status=_TOO_LARGE
                    )
    except TimeoutError as late:
        raise ApiError("RequestTimeoutException", "The body did not arrive in time.", status=_TOO_SLOW) from late
    return bytes(body)


def _operation(request: Request) -> str:
    prefix, _, name = request.headers.get("x-amz-target", "").partition(".")
    model = load_model()
    if prefix != model.target_prefix or name not in model.operations:
        shown = f"{prefix[:_SHOWN]}.{name[:_SHOWN]}"
        raise ApiError("UnknownOperationException", f"{shown} is not an operation of this service.")
    return name


def _refusal(error: OpenInspectorError, call: _Call) -> ApiError:
    if not isinstance(error, StoreError):
        answer = api_error(error)
        if answer.status >= internal_error().status:
            _log.error("api request failed", request_id=call.request_id, operation=call.operation, error=str(error))
        return answer
    # What a store says may name paths and tables: that is for the log, not for callers.
    _log.error("api store failed", request_id=call.request_id, operation=call.operation, error=str(error))
    message = "The service cannot store or read right now; try again."
    return ApiError("ServiceTemporarilyUnavailableException", message, status=_UNAVAILABLE, members={"canRetry": True})


def _snake(name: str) -> str:
    return sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
