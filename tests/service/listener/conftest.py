"""A listener with short time limits, on loopback, in front of a small application."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from openinspector.service.app.counters import Counters
from openinspector.service.certificates import Certificates, ensure_certificates
from openinspector.service.listener.connections import ConnectionLimits, Connections
from openinspector.service.listener.http_protocol import TimeLimits
from openinspector.service.listener.tls_server import Door, TlsServer

WAIT_SECONDS = 30
"""How long a test waits for an event that should happen at once."""
LARGE = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Listener:
    port: int
    authority: Path
    counters: Counters

    def tcp(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_SECONDS)

    def tls(self) -> ssl.SSLSocket:
        return ssl.create_default_context(cafile=self.authority).wrap_socket(self.tcp(), server_hostname="127.0.0.1")

    def closed(self, reason: str) -> float:
        return self.counters.value("openinspector_connections_closed_total", reason=reason)

    def soon_closed(self, reason: str) -> float:
        """Return `closed` once it is not 0: the server counts after the peer has seen the end."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self.closed(reason) and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.closed(reason)

    def open(self) -> float:
        return self.counters.value("openinspector_connections")


Listen = Callable[..., Listener]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer ``/large`` with much, ``/early`` without reading the body, others with the body's length."""
    assert scope["type"] == "http"
    size = 0
    if scope["path"] == "/prove":
        scope["state"]["connection"].prove(scope["query_string"].decode() or "agent")
    elif scope["path"] == "/slow":
        await asyncio.sleep(1.5)
    elif scope["path"] != "/early":
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message["body"])
            more = message["more_body"]
    body = b"x" * LARGE if scope["path"] == "/large" else b"%d" % size
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for start in range(0, len(body), 65536):
        await send({"type": "http.response.body", "body": body[start : start + 65536], "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return ensure_certificates(tmp_path_factory.mktemp("tls"), ("127.0.0.1",), datetime.now(UTC))


@pytest.fixture
def listen(certificates: Certificates) -> Iterator[Listen]:
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(limits: TimeLimits, *, total: int = 100, per_address: int = 100) -> Listener:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificates.certificate, certificates.key)
        counters = Counters()
        connections = Connections(ConnectionLimits(total=total, unproven=total, per_address=per_address), counters)
        door = Door(tls=tls, connections=connections, limits=limits)
        config = uvicorn.Config(application, loop="uvloop", ws="none", lifespan="off", log_config=None)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        server = TlsServer(config, door)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread))
        return Listener(port=listener.getsockname()[1], authority=certificates.ca, counters=counters)

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
