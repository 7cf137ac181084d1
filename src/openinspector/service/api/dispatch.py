"""Dispatch: one signed ``POST /``, an operation of the model, its answer (F11.1, F11.9, F11.12).

1. Check the request line and headers: POST, no query, a content length within bounds, a complete and fresh claim.
2. Read the body (`read_body`).
3. In a thread: verify the signature, then what `calls` does for every door.
"""

import re
import time
from collections.abc import Mapping
from functools import cache, partial
from types import FunctionType, MappingProxyType
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from openinspector.plugins import PluginError, modules
from openinspector.service.api.audit import ApiCall
from openinspector.service.api.calls import MAX_BODY, Calls, OperationFunction, read_body, too_large
from openinspector.service.api.errors import ApiError
from openinspector.service.api.model import api_model, target_prefix
from openinspector.service.api.replay import SeenSignatures
from openinspector.service.api.services import ApiServices
from openinspector.service.api.sigv4 import Claim, read_claim, unrecognized_client
from openinspector.service.ports.access_key_store import AccessKey

_OPERATIONS: Final = "openinspector.service.api.operations"
_NO_METHOD: Final = 405
_MAX_SHOWN: Final = 100


def routes(services: ApiServices, readers: int = 1) -> list[Route]:
    """Return the API's one route. ``readers`` is the number of concurrent read-only calls, see `Calls`."""
    return [Route("/", ApiEndpoint(services, operations(), readers))]


@cache
def operations() -> Mapping[str, OperationFunction]:
    """Return the function of every operation, by name; raises PluginError if one has none or two."""
    names = {_snake(name): name for name in api_model().operations}
    found: dict[str, OperationFunction] = {}
    for module in modules(_OPERATIONS).values():
        for function_name, function in vars(module).items():
            # Skip imported functions.
            if function_name not in names or getattr(function, "__module__", "") != module.__name__:
                continue
            if names[function_name] in found or not isinstance(function, FunctionType):
                raise PluginError(f"{module.__name__}.{function_name} must be the only function of that name")
            found[names[function_name]] = function
    if missing := sorted(api_model().operations.keys() - found.keys()):
        raise PluginError(f"{_OPERATIONS} has no function for {', '.join(missing)}")
    return MappingProxyType(found)


class ApiEndpoint:
    """The API as an ASGI application. Every error becomes an answer of the protocol."""

    def __init__(self, services: ApiServices, operations: Mapping[str, OperationFunction], readers: int = 1) -> None:
        self._services = services
        self._calls = Calls(services, operations, readers)
        self._seen = SeenSignatures()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        call = self._calls.begin(request)
        began = time.perf_counter()
        try:
            answer = await self._answer(request, call)
        except ClientDisconnect:
            return
        await self._calls.respond(call, answer, began)(scope, receive, send)

    async def _answer(self, request: Request, call: ApiCall) -> bytes | ApiError:
        try:
            _check_line(request)
            claim = read_claim(request.scope["headers"], self._services.realm.region, call.at)
            call.claimed_key, call.temporary = claim.key_id, claim.token is not None
            body = await read_body(request)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - answer without a stack trace
            return await self._calls.refuse(call, error)
        target = request.headers.get("x-amz-target", "")
        return await self._calls.carry_out(
            call,
            target.partition(".")[2],
            body,
            identify=partial(self._authenticated, claim, body),
            named=partial(_operation, target),
        )

    def _authenticated(self, claim: Claim, body: bytes) -> AccessKey:
        services, now = self._services, self._services.clock.now()
        if claim.token is None:
            known = services.access_keys.secret_of(claim.key_id)
        else:
            known = services.temporary_credentials.secret_of(claim.key_id, claim.token, now)
        if known is None:
            raise unrecognized_client()
        secret, key = known
        claim.check(secret, body)
        self._seen.check(claim, now)
        return key


def _check_line(request: Request) -> None:
    if request.method != "POST":
        raise ApiError("UnknownOperationException", "This API takes POST requests only.", status=_NO_METHOD)
    if request.scope["query_string"]:
        raise ApiError("InvalidSignatureException", "The API takes no query: sign the request in its headers.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:_MAX_SHOWN]) > MAX_BODY:
        raise too_large()


def _operation(target: str) -> str:
    """Return the operation of ``X-Amz-Target``."""
    prefix, _, name = target.partition(".")
    if name not in api_model().operations or prefix != target_prefix(name):
        raise ApiError("UnknownOperationException", f"{target[:_MAX_SHOWN]!r} is not an operation of this API.")
    return name


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
