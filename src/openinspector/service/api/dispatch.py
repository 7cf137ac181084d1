"""Dispatch: one signed ``POST /``, an operation of the model, its answer (F11.1, F11.9, F11.12).

1. Check the request line and headers: POST, no query, a content length within bounds, a complete and fresh claim.
2. Read the body, up to `MAX_BODY` and within `BODY_SECONDS`.
3. In a thread: verify the signature, authorize the user, validate the input, run the operation, render its output.

Every answer has a request id, also an error. The service's log and the audit log (`audit`) have the same id.
"""

import asyncio
import re
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import FunctionType, MappingProxyType
from typing import Final

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from openinspector.model.errors import OpenInspectorError, StoreError
from openinspector.plugins import PluginError, modules
from openinspector.service.api.audit import READ_ONLY, ApiCall, Strangers, refused_input, render_event
from openinspector.service.api.authorization import denial, denied_items, fails_by_item
from openinspector.service.api.errors import UNAVAILABLE_NAME, ApiError, api_error, internal_error, unavailable
from openinspector.service.api.model import api_model, target_prefix
from openinspector.service.api.replay import SeenSignatures
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json, parse_input, render_output
from openinspector.service.api.sigv4 import Claim, read_claim, unrecognized_client
from openinspector.service.ports.access_key_store import AccessKey

MAX_BODY: Final = 1024 * 1024
BODY_SECONDS: Final = 60
"""Time limit for receiving a body."""
_OPERATIONS: Final = "openinspector.service.api.operations"
_MAY_ASK_THE_CLOUD: Final = frozenset({"DescribeCrossAccountAccessRole", "ListAssessmentRunAgents", "PreviewAgents"})
"""Read-only operations that may wait for AWS. They are not limited: other reads would wait for them."""
_CONTENT_TYPE: Final = "application/x-amz-json-1.1"
_OK: Final = 200
_NO_METHOD: Final = 405
_TIMEOUT: Final = 408
_TOO_LARGE: Final = 413
_MAX_SHOWN: Final = 100

OperationFunction = Callable[[ApiServices, Json], Mapping[str, object] | None]

_log = structlog.get_logger()


def routes(services: ApiServices, readers: int = 1) -> list[Route]:
    """Return the API's one route. ``readers`` is the number of concurrent read-only calls.

    On SQLite one is best: reads are CPU-bound in Python, and more threads only contend for its lock. With a database on
    the network, other calls proceed meanwhile. Writing calls wait for the disk and are not limited.
    """
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
        self._operations = operations
        self._seen = SeenSignatures()
        self._strangers = Strangers()
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="api-reader")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        call = ApiCall(
            request_id=str(uuid.uuid4()),
            at=self._services.clock.now(),
            source=request.client.host if request.client is not None else "",
            user_agent=request.headers.get("user-agent", ""),
        )
        began = time.perf_counter()
        try:
            answer = await self._answer(request, call)
        except ClientDisconnect:
            return
        failure = call.failure(answer)
        outcome = failure.exception if failure is not None else ""
        self._services.counters.answered(call.operation, outcome, time.perf_counter() - began)
        await _response(call, answer)(scope, receive, send)

    async def _answer(self, request: Request, call: ApiCall) -> bytes | ApiError:
        try:
            _check_line(request)
            claim = read_claim(request.scope["headers"], self._services.realm.region, call.at)
            call.claimed_key, call.temporary = claim.key_id, claim.token is not None
            body = await _read_body(request)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - see _carry_out
            answer = _answer_to(error, call)
            await run_in_threadpool(self._write_down, call, answer)
            return answer
        operation = request.headers.get("x-amz-target", "").partition(".")[2]
        if operation.startswith(READ_ONLY) and operation not in _MAY_ASK_THE_CLOUD:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._readers, self._carry_out, request, claim, body, call)
        return await run_in_threadpool(self._carry_out, request, claim, body, call)

    def _carry_out(self, request: Request, claim: Claim, body: bytes, call: ApiCall) -> bytes | ApiError:
        answer: bytes | ApiError
        try:
            answer = self._call(request.headers.get("x-amz-target", ""), claim, body, call)
        except Exception as error:  # noqa: BLE001 - answer without a stack trace
            answer = _answer_to(error, call)
        self._write_down(call, answer)
        return answer

    def _call(self, target: str, claim: Claim, body: bytes, call: ApiCall) -> bytes:
        call.key = key = self._authenticated(claim, body)
        operation = call.operation = _operation(target)
        call.denied = denial(key, operation, self._services.realm)
        if call.denied is not None and not fails_by_item(operation):
            raise call.denied
        try:
            call.arguments = arguments = parse_input(operation, body)
        except OpenInspectorError:
            call.arguments = refused_input(operation, body)
            raise
        if call.denied is not None:
            return render_output(operation, denied_items(operation, arguments))
        return render_output(operation, self._operations[operation](self._services, arguments))

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

    def _write_down(self, call: ApiCall, answer: bytes | ApiError) -> None:
        """Add a call to the audit log. If that fails, count it and write it to the service's log."""
        if call.key is None and not self._strangers.admit(call.at):
            self._services.counters.alarm("audit-strangers-skipped")
            return
        try:
            self._services.audit.append(call.at, render_event(call, answer, self._services.realm, str(uuid.uuid4())))
        except StoreError as error:
            self._services.counters.alarm("audit-lost")
            _log.error("api audit lost", request_id=call.request_id, error=str(error))


def _response(call: ApiCall, answer: bytes | ApiError) -> Response:
    status, content = _OK, answer
    if isinstance(answer, ApiError):
        status, content = answer.status, msgspec.json.encode(answer.body())
    failure = call.failure(answer)
    _log.info(
        "api answered",
        request_id=call.request_id,
        operation=call.operation,
        user=call.user,
        key=call.claimed_key,
        status=status,
        failure=failure.exception if failure is not None else "",
    )
    return Response(content, status, {"x-amzn-RequestId": call.request_id}, _CONTENT_TYPE)


def _check_line(request: Request) -> None:
    if request.method != "POST":
        raise ApiError("UnknownOperationException", "This API takes POST requests only.", status=_NO_METHOD)
    if request.scope["query_string"]:
        raise ApiError("InvalidSignatureException", "The API takes no query: sign the request in its headers.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:_MAX_SHOWN]) > MAX_BODY:
        raise _too_large()


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise _too_large()
    except TimeoutError as error:
        raise ApiError(
            "RequestTimeoutException", f"The body took longer than {BODY_SECONDS} seconds.", status=_TIMEOUT
        ) from error
    return bytes(body)


def _too_large() -> ApiError:
    return ApiError("RequestEntityTooLargeException", f"A body has at most {MAX_BODY} bytes.", status=_TOO_LARGE)


def _operation(target: str) -> str:
    """Return the operation of ``X-Amz-Target``."""
    prefix, _, name = target.partition(".")
    if name not in api_model().operations or prefix != target_prefix(name):
        raise ApiError("UnknownOperationException", f"{target[:_MAX_SHOWN]!r} is not an operation of this API.")
    return name


def _answer_to(error: Exception, call: ApiCall) -> ApiError:
    """Return the error on the wire for an exception; log internal errors with their trace."""
    if isinstance(error, StoreError):
        # A store's message may contain paths and tables: log it, do not return it.
        _log.error("api store failed", request_id=call.request_id, operation=call.operation, exc_info=error)
        return _unavailable(call.operation)
    answer = api_error(error) if isinstance(error, OpenInspectorError) else internal_error()
    if answer.status == internal_error().status:
        _log.error("api request failed", request_id=call.request_id, operation=call.operation, exc_info=error)
    return answer


def _unavailable(operation: str) -> ApiError:
    """Return the answer while a store fails: ServiceTemporarilyUnavailable if the operation declares it (F11.40)."""
    described = api_model().operations.get(operation)
    if described is None or UNAVAILABLE_NAME not in described.errors:
        return internal_error()
    return unavailable("The service cannot access its storage at the moment. Try again.")


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
