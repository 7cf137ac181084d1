"""The API behind a real TLS listener on loopback, with a certificate that only these tests trust."""

import socket
import threading
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from openinspector.service.api.dispatch import routes
from openinspector.service.api.services import ApiServices
from openinspector.testing.throwaway_authority import ThrowawayAuthority


class Endpoint:
    """One listener for the whole session; each test puts its own installation behind it."""

    def __init__(self, folder: Path) -> None:
        authority = ThrowawayAuthority(folder)
        self.ca_file = str(authority.ca_file)
        self._application: Starlette | None = None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        config.load()
        config.ssl = authority.server_context()
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    def serve(self, services: ApiServices) -> None:
        self._application = Starlette(routes=list(routes(services)))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._application is not None
        await self._application(scope, receive, send)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
