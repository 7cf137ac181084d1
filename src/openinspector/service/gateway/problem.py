"""Refusals as agents see them: one table of HTTP statuses, one body, never a stack trace."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec
from starlette.responses import Response

from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.wire.message import Problem

_C = RefusalCode

STATUS: Final[Mapping[RefusalCode, int]] = MappingProxyType(
    {
        _C.MALFORMED_REQUEST: 400,
        _C.UNSIGNED: 401,
        _C.BAD_SIGNATURE: 401,
        _C.UNKNOWN_SESSION: 401,
        _C.STALE_CLOCK: 401,
        _C.REPLAYED: 401,
        _C.BAD_NONCE: 401,
        _C.UNKNOWN_AGENT: 401,
        _C.COPIED_HOST: 401,
        _C.REVOKED: 401,
        _C.ENROLMENT_REFUSED: 403,
        _C.METHOD_OFF: 403,
        _C.ATTESTATION_REQUIRED: 403,
        _C.ROTATION_REFUSED: 403,
        _C.OTHER_AGENT: 403,
        _C.NOT_IN_RUN: 403,
        _C.NOT_FOUND: 404,
        _C.METHOD_NOT_ALLOWED: 405,
        _C.RUN_NOT_COLLECTING: 409,
        _C.STREAM_CLOSED: 409,
        _C.DIGEST_CONFLICT: 409,
        _C.BODY_TOO_LARGE: 413,
        _C.UNSUPPORTED_MEDIA: 415,
        _C.INVALID_MESSAGE: 422,
        _C.THROTTLED: 429,
        _C.INTERNAL: 500,
        _C.BUSY: 503,
    }
)


def render_problem(refused: RefusedError) -> Response:
    """Return the response to a request that was refused."""
    problem = Problem(code=refused.code.value, message=str(refused), advice=refused.advice)
    headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after is not None else None
    return Response(msgspec.json.encode(problem), STATUS[refused.code], headers, "application/problem+json")
