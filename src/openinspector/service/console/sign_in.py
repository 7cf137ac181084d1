"""Sign-in, one-time links and sign-out: plain pages without script, so that they work when the console's do not."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final
from urllib.parse import parse_qsl

from jinja2 import Environment, PackageLoader
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from openinspector.model.errors import StoreError
from openinspector.service.api.calls import read_body
from openinspector.service.api.errors import ApiError
from openinspector.service.app.users import MIN_PASSWORD, TooManyAttemptsError, UserError, Users
from openinspector.service.console.browser import HEADERS, is_own_call, is_own_form, session_of, set_session

HOME: Final = "/console/"
_SEE_OTHER: Final = 303
_BAD: Final = 400
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503
_MAX_FIELDS: Final = 10
_PLACE: Final = re.compile(r"/[\x21-\x7e]{0,2000}", re.ASCII)
"""Where to go after sign-in: what follows the ``#`` of a page of the console."""


def routes(users: Users) -> list[Route]:
    """Return the routes."""
    pages = _Pages(users)
    return [
        Route("/console/sign-in", pages.sign_in, methods=["GET", "POST"]),
        Route("/console/link", pages.link, methods=["GET", "POST"]),
        Route("/console/sign-out", pages.sign_out, methods=["POST"]),
        Route("/console/sessions", pages.sessions, methods=["GET", "POST"]),
        Route("/console/session", pages.session, methods=["GET"]),
        Route("/console/plain.css", _style, methods=["GET"]),
    ]


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a plain page; values are escaped."""
    return HTMLResponse(_templates().get_template(template).render(values), status, HEADERS)


class _Pages:
    def __init__(self, users: Users) -> None:
        self._users = users

    async def sign_in(self, request: Request) -> Response:
        """Show the form, or sign in with a name and a password."""
        to = _place(request.query_params.get("to", ""))
        if request.method == "GET":
            return page("sign_in.html", to=to)
        return await self._answered(request, lambda form: self._sign_in(request, form))

    async def link(self, request: Request) -> Response:
        """Show whom a link signs in, or use it. Only the form uses it: looking at it, as mail filters do, does not."""
        secret = request.query_params.get("secret", "")
        if request.method == "GET":
            name = await run_in_threadpool(self._users.user_of_link, secret)
            if name is None:
                return _link_refused()
            return page("link.html", name=name, secret=secret, shortest=MIN_PASSWORD)
        return await self._answered(request, lambda form: self._use_link(request, form))

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        return await self._answered(request, lambda _form: self._sign_out(request))

    async def sessions(self, request: Request) -> Response:
        """List the user's sessions, or end one of them."""
        if request.method == "GET":
            return await run_in_threadpool(self._sessions, request)
        return await self._answered(request, lambda form: self._end_session(request, form))

    async def session(self, request: Request) -> Response:
        """Tell the console's script who is signed in."""
        if not is_own_call(request):
            return JSONResponse({}, _FORBIDDEN, HEADERS)
        found = await run_in_threadpool(self._users.user_of_session, session_of(request))
        if found is None:
            return JSONResponse({}, _UNAUTHORIZED, HEADERS)
        return JSONResponse({"user": found[0].name, "role": found[0].role}, 200, HEADERS)

    def _sessions(self, request: Request) -> Response:
        found = self._users.user_of_session(session_of(request))
        if found is None:
            return RedirectResponse("/console/sign-in", _SEE_OTHER, HEADERS)
        user, own = found
        return page("sessions.html", name=user.name, own=own.digest, sessions=self._users.sessions(user.name))

    def _end_session(self, request: Request, form: Mapping[str, str]) -> Response:
        found = self._users.user_of_session(session_of(request))
        if found is not None:
            self._users.end_session(found[0].name, form.get("ended", ""))
        return RedirectResponse("/console/sessions", _SEE_OTHER, HEADERS)

    def _sign_in(self, request: Request, form: Mapping[str, str]) -> Response:
        name, to = form.get("name", ""), _place(form.get("to", ""))
        address = request.client.host if request.client is not None else ""
        try:
            session_id = self._users.sign_in(name, form.get("password", ""), address)
        except TooManyAttemptsError as error:
            return page("sign_in.html", _TOO_MANY, to=to, name=name, problem=f"{error} {error.advice}")
        if session_id is None:
            return page("sign_in.html", _UNAUTHORIZED, to=to, name=name, problem="The name or the password is wrong.")
        return self._signed_in(request, session_id, to)

    def _use_link(self, request: Request, form: Mapping[str, str]) -> Response:
        secret = form.get("secret", "")
        try:
            session_id = self._users.use_link(secret, form.get("password", ""))
        except UserError as error:
            name = self._users.user_of_link(secret) or ""
            return page("link.html", _BAD, name=name, secret=secret, shortest=MIN_PASSWORD, problem=str(error))
        return _link_refused() if session_id is None else self._signed_in(request, session_id, "")

    def _sign_out(self, request: Request) -> Response:
        self._users.sign_out(session_of(request))
        response = RedirectResponse("/console/sign-in", _SEE_OTHER, HEADERS)
        set_session(response, "")
        return response

    def _signed_in(self, request: Request, session_id: str, to: str) -> Response:
        self._users.sign_out(session_of(request))
        response = RedirectResponse(f"{HOME}#{to}" if to else HOME, _SEE_OTHER, HEADERS)
        set_session(response, session_id)
        return response

    async def _answered(self, request: Request, answer: Callable[[Mapping[str, str]], Response]) -> Response:
        """Return the answer to a form in a thread: passwords are slow to check by design."""
        if not is_own_form(request):
            return page("refused.html", _FORBIDDEN, title="Not from the console", text="Another site sent this form.")
        try:
            form = dict(parse_qsl((await read_body(request)).decode(), max_num_fields=_MAX_FIELDS))
        except (ApiError, ValueError):
            return page("refused.html", _BAD, title="Not understood", text="This form is malformed or too large.")
        try:
            return await run_in_threadpool(answer, form)
        except StoreError:
            return page(
                "refused.html",
                _UNAVAILABLE,
                title="Try again",
                text="The service cannot access its storage at the moment.",
            )


def _place(asked: str) -> str:
    """Return where to go after sign-in; empty for anything but a page of the console."""
    return asked if _PLACE.fullmatch(asked) is not None else ""


def _link_refused() -> Response:
    return page(
        "refused.html",
        _FORBIDDEN,
        title="This link is not valid",
        text="It was used, has expired, or is incomplete. Make a new one: openinspector admin users link NAME",
    )


async def _style(_request: Request) -> Response:
    return Response(_plain_css(), 200, {**HEADERS, "cache-control": "max-age=3600"}, "text/css")


@cache
def _plain_css() -> bytes:
    return files("openinspector.service.console").joinpath("plain", "plain.css").read_bytes()


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("openinspector.service.console", "plain"), autoescape=True)
