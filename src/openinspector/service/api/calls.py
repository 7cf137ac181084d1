"""Calls: what every door of the API does once it has a request: authorize, validate, run, render, log, count.

A door finds out who calls and which operation: `dispatch` with signatures, `openinspector.service.console` with
session cookies. The rest is here, so that the same call gets the same answer through each.

Every answer has a request id, also an error. The service's log and the audit log (`audit`) have the same id.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from openinspector.model.errors import OpenInspectorError, StoreError
from openinspector.service.api.audit import READ_ONLY, ApiCall, Strangers, refused_input, render_event
from openinspector.service.api.authorization import denial, denied_items, fails_by_item
from openinspector.service.api.errors import UNAVAILABLE_NAME, ApiError, api_error, internal_error, unavailable
from openinspector.service.api.model import api_model
from openinspector.service.api.principal import Principal
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json, parse_input, render_output

MAX_BODY: Final = 1024 * 1024
BODY_SECONDS: Final = 60
"""Time limit for receiving a body."""
_MAY_ASK_THE_CLOUD: Final = frozenset({"DescribeCrossAccountAccessRole", "ListAssessmentRunAgents", "PreviewAgents"})
"""Read-only operations that may wait for AWS. They are not limited: other reads would wait for them."""
_CONTENT_TYPE: Final = "application/x-amz-json-1.1"
_OK: Final = 200
_TIMEOUT: Final = 408
_TOO_LARGE: Final = 413
_MAX_SHOWN: Final = 100

OperationFunction = Callable[[ApiServices, Json], Mapping[str, object] | None]

_log = structlog.get_logger()


class Calls:
    """Carries out calls of identified users. ``readers`` is the number of concurrent read-only calls.

    On SQLite one is best: reads are CPU-bound in Python, and more threads only contend for its lock. With a database on
    the network, other calls proceed meanwhile. Writing calls wait for the disk and are not limited.
    """

    def __init__(self, services: ApiServices, operations: Mapping[str, OperationFunction], readers: int = 1) -> None:
        self.services = services
        self._operations = operations
        self._strangers = Strangers()
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="api-reader")

    def begin(self, request: Request) -> ApiCall:
        """Return the call of a request that has just arrived."""
        return ApiCall(
            request_id=str(uuid.uuid4()),
            at=self.services.clock.now(),
            source=request.client.host if request.client is not None else "",
            user_agent=request.headers.get("user-agent", ""),
        )

    async def carry_out(
        self,
        call: ApiCall,
        asked: str,
        body: bytes,
        identify: Callable[[], Principal],
        named: Callable[[], str],
    ) -> bytes | ApiError:
        """Return the answer to a call.

        In a thread, ``identify`` returns the user and then ``named`` the operation, or they raise the error of the
        answer; ``asked`` is the operation that the request claims.
        """
        if asked.startswith(READ_ONLY) and asked not in _MAY_ASK_THE_CLOUD:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._readers, self._carry_out, call, body, identify, named)
        return await run_in_threadpool(self._carry_out, call, body, identify, named)

    async def refuse(self, call: ApiCall, error: Exception) -> ApiError:
        """Log a call that was refused before its user was known; return the answer."""
        answer = _answer_to(error, call)
        await run_in_threadpool(self._write_down, call, answer)
        return answer

    def respond(self, call: ApiCall, answer: bytes | ApiError, began: float) -> Response:
        """Count and log an answered call, and return its response; ``began`` is of `time.perf_counter`."""
        failure = call.failure(answer)
        outcome = failure.exception if failure is not None else ""
        self.services.counters.answered(call.operation, outcome, time.perf_counter() - began)
        return _response(call, answer)

    def _carry_out(
        self, call: ApiCall, body: bytes, identify: Callable[[], Principal], named: Callable[[], str]
    ) -> bytes | ApiError:
        answer: bytes | ApiError
        try:
            call.key = identify()
            call.operation = named()
            answer = self._run(call, call.key, body)
        except Exception as error:  # noqa: BLE001 - answer without a stack trace
            answer = _answer_to(error, call)
        self._write_down(call, answer)
        return answer

    def _run(self, call: ApiCall, principal: Principal, body: bytes) -> bytes:
        operation = call.operation
        call.denied = denial(principal, operation, self.services.realm)
        if call.denied is not None and not fails_by_item(operation):
            raise call.denied
        try:
            call.arguments = arguments = parse_input(operation, body)
        except OpenInspectorError:
            call.arguments = refused_input(operation, body)
            raise
        if call.denied is not None:
            return render_output(operation, denied_items(operation, arguments))
        return render_output(operation, self._operations[operation](self.services, arguments))

    def _write_down(self, call: ApiCall, answer: bytes | ApiError) -> None:
        """Add a call to the audit log. If that fails, count it and write it to the service's log."""
        if call.key is None and not self._strangers.admit(call.at):
            self.services.counters.alarm("audit-strangers-skipped")
            return
        try:
            self.services.audit.append(call.at, render_event(call, answer, self.services.realm, str(uuid.uuid4())))
        except StoreError as error:
            self.services.counters.alarm("audit-lost")
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


async def read_body(request: Request) -> bytes:
    """Return a request's body; ApiError if it is larger than `MAX_BODY` or takes longer than `BODY_SECONDS`."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise too_large()
    except TimeoutError as error:
        raise ApiError(
            "RequestTimeoutException", f"The body took longer than {BODY_SECONDS} seconds.", status=_TIMEOUT
        ) from error
    return bytes(body)


def too_large() -> ApiError:
    """Return the answer to a body that is too large."""
    return ApiError("RequestEntityTooLargeException", f"A body has at most {MAX_BODY} bytes.", status=_TOO_LARGE)


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
