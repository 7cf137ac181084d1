"""The console's routes in this process, over an empty installation with a user of each role."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from openinspector.service.api.dispatch import operations
from openinspector.service.app.users import Users
from openinspector.service.console.browser import COOKIE
from openinspector.service.console.routes import routes
from openinspector.service.ports.user_store import ConsoleRole
from openinspector.testing.installation import BuiltInstallation, open_installation

PASSWORD: Final = "correct horse battery"
OWN: Final = {"sec-fetch-site": "same-origin", "x-openinspector-console": "1"}
BASE: Final = "https://testserver"


@dataclass(frozen=True, kw_only=True)
class ConsoleWorld:
    """The console, and sessions of its users by role."""

    built: BuiltInstallation
    users: Users
    application: Starlette
    sessions: dict[ConsoleRole, str]

    def call(self, operation: str, body: bytes = b"{}", role: ConsoleRole = ConsoleRole.ADMINISTRATOR) -> Response:
        """Call an operation as the console's script does."""
        return self.request("POST", f"/console/api/{operation}", self.sessions[role], content=body, headers=OWN)

    def form(self, path: str, session: str = "", headers: dict[str, str] | None = None, **fields: str) -> Response:
        """Send a form of the console's own pages."""
        return self.request("POST", path, session, data=fields, headers=OWN if headers is None else headers)

    def request(self, method: str, path: str, session: str = "", **sent: Any) -> Response:
        """Send a request with a session's cookie."""
        cookies = {COOKIE: session} if session else {}

        async def respond() -> Response:
            transport = ASGITransport(self.application)
            async with AsyncClient(transport=transport, base_url=BASE, cookies=cookies) as client:
                response: Response = await client.request(method, path, **sent)
                return response

        return asyncio.run(respond())


def open_console(folder: Path) -> ConsoleWorld:
    """Make an installation in ``folder`` with a console."""
    built = open_installation(folder)
    users = Users(built.stores.users, built.clock)
    sessions = {}
    for role in ConsoleRole:
        users.create(role.value, role)
        password = PASSWORD if role is ConsoleRole.VIEWER else ""
        sessions[role] = users.use_link(users.make_link(role.value, timedelta(hours=1)), password) or ""
    application = Starlette(routes=routes(built.services, operations(), users))
    return ConsoleWorld(built=built, users=users, application=application, sessions=sessions)
