"""Dispatch: one signed POST to ``/``, an operation of the model, its answer (F11.1, F11.9, F11.12)."""

import uuid
from collections.abc import Callable, Mapping
from functools import cache, partial
from re import sub
from types import MappingProxyType
from typing import Final

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openinspector.model.errors import OpenInspectorError, StoreError
from openinspector.plugins import modules
from openinspector.service.api.errors import ApiError, api_error, coded, internal_error
from openinspector.service.api.model import load_model
from openinspector.service.api.services import ApiServices
from openinspector.service.api.shapes import Json, parse_input, render_output
from openinspector.service.api.sigv4 import read_claim, unrecognized_client
from openinspector.service.app.access_keys import allows
from openinspector.service.app.errors import NotBuilt
from openinspector.service.ports.access_key_store import AccessKey

MAX_BODY: Final = 1024 * 1024
_CONTENT_TYPE: Final = "application/x-amz-json-1.1"
_OK: Final = 200
_UNAVAILABLE: Final = 503
_TOO_LARGE: Final = 413

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
    return [Route("/", partial(_answer, services), methods=["POST"])]


async def _answer(services: ApiServices, request: Request) -> Response:
    request_id = str(uuid.uuid4())
    try:
        status, content = _OK, await run_in_threadpool(_carry_out, services, request, await _read(request))
    except OpenInspectorError as error:
        status, content = _refused(error)
    except Exception:  # noqa: BLE001 - a fault of ours is told without details, and logged with them
        _log.exception("api request failed", request_id=request_id)
        status, content = _refused(internal_error())
    return Response(content, status, {"x-amzn-RequestId": request_id}, _CONTENT_TYPE)


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise ApiError("RequestEntityTooLargeException", f"A body has at most {MAX_BODY} bytes.", status=_TOO_LARGE)
    return bytes(body)


def _carry_out(services: ApiServices, request: Request, body: bytes) -> bytes:
    key = _authenticated(services, request, body)
    operation = _operation(request)
    if not allows(key.actions, operation):
        realm = services.realm
        user = f"arn:{realm.partition}:iam::{realm.account}:user/{key.user}"
        raise coded(
            "AccessDeniedException",
            f"User: {user} is not authorized to perform: inspector:{operation}",
            "ACCESS_DENIED_TO_IAM_ROLE",
        )
    arguments = parse_input(operation, body)
    function = built_operations().get(operation)
    if function is None:
        raise NotBuilt(f"This version of openinspector does not have the operation {operation} yet.")
    return render_output(operation, function(services, arguments))


def _authenticated(services: ApiServices, request: Request, body: bytes) -> AccessKey:
    claim = read_claim(request.scope["headers"], services.realm.region, services.clock.now())
    known = services.access_keys.secret_of(claim.key_id)
    if known is None:
        raise unrecognized_client()
    secret, key = known
    claim.check(secret, body)
    return key


def _operation(request: Request) -> str:
    prefix, _, name = request.headers.get("x-amz-target", "").partition(".")
    model = load_model()
    if prefix != model.target_prefix or name not in model.operations:
        raise ApiError("UnknownOperationException", f"{prefix[:50]}.{name[:50]} is not an operation of this service.")
    return name


def _refused(error: OpenInspectorError) -> tuple[int, bytes]:
    if isinstance(error, StoreError):
        _log.error("api store failed", error=str(error))
        message = "The service cannot store or read right now; try again."
        unavailable = ApiError(
            "ServiceTemporarilyUnavailableException", message, status=_UNAVAILABLE, members={"canRetry": True}
        )
        return _UNAVAILABLE, msgspec.json.encode(unavailable.body())
    answer = api_error(error)
    return answer.status, msgspec.json.encode(answer.body())


def _snake(name: str) -> str:
    return sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
