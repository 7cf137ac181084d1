"""The console's routes: sign-in, the API for browsers, and the built files."""

from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from openinspector.service.api.calls import OperationFunction
from openinspector.service.api.services import ApiServices
from openinspector.service.app.users import Users
from openinspector.service.console import sign_in
from openinspector.service.console.browser import HEADERS
from openinspector.service.console.door import ConsoleDoor
from openinspector.service.console.events import Events, State, digest_of

STATIC: Final = Path(str(files("openinspector.service.console").joinpath("static")))
_FOREVER: Final = "public, max-age=31536000, immutable"
"""Names of built files hold a digest of their content."""


def routes(
    services: ApiServices, operations: Mapping[str, OperationFunction], users: Users, readers: int = 1
) -> list[BaseRoute]:
    """Return the console's routes; ``readers`` is the number of concurrent read-only calls."""
    return [
        Route("/console", partial(_redirect, sign_in.HOME), methods=["GET"]),
        Route(sign_in.HOME, _index, methods=["GET"]),
        *sign_in.routes(users),
        Route("/console/api/{operation}", ConsoleDoor(services, operations, users, readers), methods=["POST"]),
        Route("/console/events", Events(users, partial(read_state, services)).answer, methods=["GET"]),
        Mount("/console/assets", BuiltFiles(directory=STATIC / "assets")),
    ]


class BuiltFiles(StaticFiles):
    """The built files: without listing, without links out of the folder, kept by the browser."""

    def file_response(self, *arguments: object, **more: object) -> Response:
        """Return the answer for one file."""
        response = super().file_response(*arguments, **more)  # type: ignore[arg-type]
        response.headers.update({**HEADERS, "cache-control": _FOREVER})
        return response

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the answer for a path."""
        response = await super().get_response(path, scope)
        response.headers.update({name: value for name, value in HEADERS.items() if name != "cache-control"})
        return response


def read_state(services: ApiServices) -> State:
    """Return the state of each topic that pages show."""
    found = services.app.issues.overview()
    states = services.app.issues.recent_states()
    return {
        "runs": digest_of(states),
        "issues": digest_of([found.summary.run_arn if found.summary is not None else ""]),
        "hosts": digest_of(f"{agent.id} {agent.health(services.clock.now())}" for agent in found.agents),
        "feeds": digest_of(f"{feed.feed} {feed.fetched_at}" for feed in found.feeds),
    }


async def _redirect(to: str, _request: Request) -> Response:
    return RedirectResponse(to, headers=HEADERS)


async def _index(_request: Request) -> Response:
    """Answer with the page that loads the console. It holds no data: whoever is not signed in gets no further."""
    return FileResponse(STATIC / "index.html", headers=HEADERS)
