"""The gateway behind a real TLS listener on loopback, and an agent that has enrolled and opened a session."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from tests.service.gateway.signing_client import Host
from tests.service.gateway_world import World

from openinspector.service.certificates import Certificates, ensure_certificates
from openinspector.service.gateway.routes import routes


class Listener:
    """One TLS listener for the whole session; each test puts its own gateway behind it."""

    def __init__(self, certificates: Certificates) -> None:
        self.ca = certificates.ca
        self.application: Starlette | None = None
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            ssl_certfile=certificates.certificate,
            ssl_keyfile=certificates.key,
        )
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.application is not None
        await self.application(scope, receive, send)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


@pytest.fixture(scope="session")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    folder = tmp_path_factory.mktemp("tls")
    started = Listener(ensure_certificates(folder, ("127.0.0.1",), datetime.now(UTC)))
    yield started
    started.stop()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(folder=tmp_path)


@pytest.fixture
def http(world: World, listener: Listener) -> Iterator[httpx.Client]:
    listener.application = Starlette(routes=list(routes(world.gateway)))
    trusted = ssl.create_default_context(cafile=str(listener.ca))
    with httpx.Client(base_url=listener.url, verify=trusted, timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
def stranger(world: World, http: httpx.Client) -> Host:
    """A host that has not enrolled."""
    return Host(world=world, http=http)


@pytest.fixture
def host(stranger: Host) -> Host:
    """A host with an open session."""
    return stranger.enrolled().opened()
