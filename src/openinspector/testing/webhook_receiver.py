"""A webhook receiver over real TLS that misbehaves on request."""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from threading import Event, Thread
from typing import ClassVar, Final

from openinspector.testing.tls_server import ThreadingTlsServer

_TIMEOUT_SECONDS: Final = 30
_DRIP_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class WebhookReceiver:
    """Records requests and answers with ``status``, in the manner of ``conduct``."""

    url: str
    status: int = 200
    location: str = ""
    conduct: str = "prompt"
    """``prompt``; ``hang``: no answer; ``drip``: an answer a byte at a time, endless; ``flood``: a huge answer."""
    posted: list[Posted] = field(default_factory=list)
    arrived: Event = field(default_factory=Event)
    connections: int = 0
    released: Event = field(default_factory=Event)
    """Set it to end hanging and dripping answers."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Read one request and answer it."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        self.posted.append(Posted(path=handler.path, headers=dict(handler.headers.items()), body=body))
        self.arrived.set()
        if self.conduct == "hang":
            self.released.wait(_TIMEOUT_SECONDS)
            return
        if self.conduct == "drip":
            self._drip(handler)
            return
        handler.send_response(self.status)
        if self.location:
            handler.send_header("Location", self.location)
        content = bytes(8 * 1024 * 1024) if self.conduct == "flood" else b"thanks"
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _drip(self, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.released.is_set():
            handler.wfile.write(b"x")
            time.sleep(_DRIP_SECONDS)


@contextmanager
def webhook_receiver(context: ssl.SSLContext) -> Iterator[WebhookReceiver]:
    """Run a receiver on a free port of loopback."""
    server = ThreadingTlsServer(_Handler, context)
    receiver = WebhookReceiver(url=f"https://127.0.0.1:{server.server_address[1]}/inspector?from=test")
    _Handler.receivers[server] = receiver
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield receiver
    receiver.released.set()
    server.shutdown()
    server.server_close()
    thread.join(_TIMEOUT_SECONDS)
    del _Handler.receivers[server]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receivers: ClassVar[dict[BaseServer, WebhookReceiver]] = {}

    def setup(self) -> None:
        super().setup()
        self.receivers[self.server].connections += 1

    def do_POST(self) -> None:
        with suppress(OSError):  # clients that give up are part of the tests
            self.receivers[self.server].answer(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is declared
        del format, args
