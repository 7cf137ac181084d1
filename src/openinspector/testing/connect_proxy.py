"""An HTTP proxy on loopback that only opens tunnels (CONNECT, RFC 9110 section 9.3.6), or misbehaves."""

import base64
import socket
import ssl
from contextlib import suppress
from enum import StrEnum
from threading import Thread
from types import TracebackType
from typing import Final, Self

from openinspector.agent.settings.settings import Address

_MAX_HEAD: Final = 16 * 1024
_TIMEOUT: Final = 20.0


class Behaviour(StrEnum):
    """The proxy's behaviour on a request for a tunnel with valid credentials."""

    HONEST = "opens it"
    FORBIDS = "answers 403"
    HANGS_UP = "closes the connection without an answer"
    NO_PROXY = "is not a proxy: answers in another protocol"
    ANSWERS_ITSELF = "says 200 and goes on in plain text"
    IMPERSONATES = "says 200 and speaks TLS with a certificate of its own"
    NEVER_ENDS = "answers with headers without end"


class ConnectProxy:
    """Use as a context manager; ``authorization`` (``user:password``) is required if given."""

    def __init__(
        self,
        authorization: str | None = None,
        behaviour: Behaviour = Behaviour.HONEST,
        own_tls: ssl.SSLContext | None = None,
    ) -> None:
        self.behaviour = behaviour
        self.tunnels: list[str] = []
        """``host:port`` of every tunnel opened."""
        self.refused: list[str] = []
        """The request line of everything refused: no CONNECT, or without the right credentials."""
        self.seen = bytearray()
        """Every byte that came from clients, heads and tunnels alike."""
        self._authorization = authorization
        self._own_tls = own_tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = Address(host="127.0.0.1", port=self._listener.getsockname()[1])
        """Where it listens."""
        self._thread = Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; may be called twice."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.settimeout(_TIMEOUT)
            Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
                byte = client.recv(1)
                if not byte:
                    return
                head += byte
            self.seen += head
            line = head.split(b"\r\n", 1)[0].decode("latin-1")
            method, _, rest = line.partition(" ")
            if method != "CONNECT":
                self._refuse(client, line, b"405 Method Not Allowed\r\nAllow: CONNECT")
            elif not self._admits(head):
                self._refuse(client, line, b'407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"')
            else:
                self._tunnel(client, rest.partition(" ")[0])

    def _admits(self, head: bytes) -> bool:
        if self._authorization is None:
            return True
        expected = b"basic " + base64.b64encode(self._authorization.encode())
        headers = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
        return any(
            name.strip().lower() == b"proxy-authorization" and _lowered_scheme(value.strip()) == expected
            for name, _, value in headers
        )

    def _refuse(self, client: socket.socket, line: str, answer: bytes) -> None:
        self.refused.append(line)
        client.sendall(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def _tunnel(self, client: socket.socket, goal: str) -> None:
        if self.behaviour is Behaviour.HONEST:
            self._open(client, goal)
        elif self.behaviour is Behaviour.FORBIDS:
            self._refuse(client, f"CONNECT {goal}", b"403 Forbidden")
        elif self.behaviour is Behaviour.NO_PROXY:
            client.sendall(b"220 mail.example ESMTP\r\n")
        elif self.behaviour is Behaviour.ANSWERS_ITSELF:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n<html>Please log in</html>")
            client.recv(1)
        elif self.behaviour is Behaviour.IMPERSONATES:
            assert self._own_tls is not None
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            self._own_tls.wrap_socket(client, server_side=True).close()
        elif self.behaviour is Behaviour.NEVER_ENDS:
            client.sendall(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10_000)

    def _open(self, client: socket.socket, goal: str) -> None:
        host, _, port = goal.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_TIMEOUT) as server:
            self.tunnels.append(goal)
            client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 connect-proxy\r\n\r\n")
            back = Thread(target=_pump, args=(server, client, bytearray()), daemon=True)
            back.start()
            _pump(client, server, self.seen)
            back.join()


def _lowered_scheme(value: bytes) -> bytes:
    scheme, _, rest = value.partition(b" ")
    return scheme.lower() + b" " + rest.strip()


def _pump(source: socket.socket, sink: socket.socket, seen: bytearray) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            seen += data
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
