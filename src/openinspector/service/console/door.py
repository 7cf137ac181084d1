"""``POST /console/api/<Operation>``: an operation of the API for a browser with a session.

The session takes the place of the signature. Everything behind it is that of `openinspector.service.api.calls`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from openinspector.service.api.audit import ApiCall
from openinspector.service.api.calls import Calls, OperationFunction, read_body
from openinspector.service.api.errors import ApiError
from openinspector.service.api.model import api_model
from openinspector.service.api.services import ApiServices
from openinspector.service.app.users import ACTIONS, Users
from openinspector.service.console.browser import HEADERS, is_own_call, session_of

_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_MAX_SHOWN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A user with a session, as the principal of a call."""

    id: str
    """Beginning of the session's digest, which the audit log names."""
    user: str
    actions: tuple[str, ...]


class ConsoleDoor:
    """The API for browsers as an ASGI application. Every error becomes an answer of the protocol."""

    def __init__(
        self, services: ApiServices, operations: Mapping[str, OperationFunction], users: Users, readers: int = 1
    ) -> None:
        self._calls = Calls(services, operations, readers)
        self._users = users

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = Request(scope, receive)
        call, began = self._calls.begin(request), time.perf_counter()
        try:
            answer = await self._answer(request, call)
        except ClientDisconnect:
            return
        response = self._calls.respond(call, answer, began)
        response.headers.update(HEADERS)
        await response(scope, receive, send)

    async def _answer(self, request: Request, call: ApiCall) -> bytes | ApiError:
        asked = str(request.path_params["operation"])
        try:
            _check_origin(request)
            body = await read_body(request)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - answer without a stack trace
            return await self._calls.refuse(call, error)
        identify = partial(self._identify, session_of(request))
        return await self._calls.carry_out(call, asked, body, identify, partial(_operation, asked))

    def _identify(self, session_id: str) -> SignedIn:
        found = self._users.user_of_session(session_id)
        if found is None:
            raise ApiError(
                "MissingAuthenticationTokenException", "You are not signed in, or no longer.", status=_UNAUTHORIZED
            )
        user, session = found
        return SignedIn(id=f"session-{session.digest[:16]}", user=user.name, actions=ACTIONS[user.role])


def _check_origin(request: Request) -> None:
    if not is_own_call(request):
        raise ApiError("AccessDeniedException", "This request is not of the console.", status=_FORBIDDEN)


def _operation(asked: str) -> str:
    if asked not in api_model().operations:
        raise ApiError("UnknownOperationException", f"{asked[:_MAX_SHOWN]!r} is not an operation of this API.")
    return asked
