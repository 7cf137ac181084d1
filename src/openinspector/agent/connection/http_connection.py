"""One TLS connection with the part of HTTP/1.1 (RFC 9112) that the gateway's protocol needs.

The standard library's client loads the e-mail package for headers, which costs three megabytes on every host. This one
sends POST, GET and CONNECT, and reads replies strictly: bounded lines, one length, no folding, no trailers kept.
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from openinspector.agent.settings.settings import Address

MAX_LINE: Final = 8 * 1024
MAX_HEADERS: Final = 64
MAX_CHUNKS: Final = 4096
MAX_INTERIM: Final = 8
"""Interim replies (1xx) before the one that counts."""
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2})(?: .*)?")
_STATUS_LINE_OF_A_FILE: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: .*)?")
"""Simple file servers still use HTTP/1.0, which is enough for one file per connection."""
_HEADER: Final = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*(.*?)[ \t]*")
_LENGTH: Final = re.compile(r"[0-9]{1,12}")
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")
_READ: Final = 64 * 1024
_WRITE: Final = 16 * 1024
"""One TLS record: on a slow connection, the socket's timeout applies to each."""
_CONTINUES: Final = 200
_OK: Final = 200
_BODILESS: Final = (204, 304)
_REFUSALS: Final[Mapping[int, str]] = MappingProxyType(
    {
        403: "the proxy answered 403: it does not allow tunnels to there",
        405: "the proxy answered 405: it knows no tunnels (CONNECT)",
        407: "the proxy answered 407: it wants a user and a password, or other ones",
        502: "the proxy answered 502: it cannot reach the gateway",
        503: "the proxy answered 503: it cannot reach the gateway",
        504: "the proxy answered 504: it cannot reach the gateway",
    }
)
"""The meaning of a proxy's refusal of CONNECT."""


class HttpError(Exception):
    """The agent does not accept the reply."""


class ProxyError(HttpError):
    """The proxy is unreachable, or refuses to connect to the gateway."""


class ClosedError(HttpError):
    """The other side closed the connection before a reply began."""


class CutOffError(HttpError):
    """The other side closed the connection within a reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """A complete reply; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    reusable: bool
    """True if another request may follow on the same connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpStream:
    """A reply with an unread body, in parts of at most 64 KiB; the reader limits the total."""

    status: int
    parts: Iterator[bytes]


class HttpConnection:
    """An open connection to the gateway."""

    def __init__(self, secured: socket.socket, host: str) -> None:
        self._socket = secured
        self._host = host

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], max_bytes: int, check: Callable[[], None]
    ) -> HttpAnswer:
        """Send a request and read its reply; OSError, HttpError.

        ``check`` is called between writes and reads and may raise to cancel; a reply's body has at most ``max_bytes``.
        """
        lines = [f"POST {path} HTTP/1.1", f"host: {self._host}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")
        if self._send(head, body, check):
            return _Reader(self._socket, check).answer(max_bytes)
        # A server that refuses a long body may answer and close before all of it is sent.
        try:
            return replace(_Reader(self._socket, check).answer(max_bytes), reusable=False)
        except (OSError, HttpError) as error:
            raise ClosedError("the connection was closed") from error

    def get(self, path: str, check: Callable[[], None]) -> HttpStream:
        """Request a file; OSError, HttpError, also while its parts are read. No request may follow."""
        head = f"GET {path} HTTP/1.1\r\nhost: {self._host}\r\naccept-encoding: identity\r\nconnection: close\r\n\r\n"
        self._socket.sendall(head.encode("ascii"))
        return _Reader(self._socket, check).stream()

    def _send(self, head: bytes, body: bytes, check: Callable[[], None]) -> bool:
        try:
            # One write for small requests: the head does not wait for the body's packet.
            self._socket.sendall(head + body[:_WRITE])
            for start in range(_WRITE, len(body), _WRITE):
                check()
                self._socket.sendall(body[start : start + _WRITE])
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return False
        return True

    def close(self) -> None:
        """Close the connection without waiting for the other side."""
        self._socket.close()


def connect(
    gateway: Address,
    through: Address | None,
    tunnel_headers: Mapping[str, str],
    timeout: float,
    context: ssl.SSLContext,
) -> HttpConnection:
    """Open a connection, through the tunnel of a proxy if one is given; OSError, HttpError."""
    plain = _connect_proxy(through, timeout) if through else _connect_plain(gateway, timeout)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if through is not None:
            _open_tunnel(plain, gateway, tunnel_headers)
        return HttpConnection(context.wrap_socket(plain, server_hostname=_ascii(gateway)), str(gateway))
    except BaseException:
        plain.close()
        raise


def _connect_plain(address: Address, timeout: float) -> socket.socket:
    return socket.create_connection((_ascii(address), address.port), timeout=timeout)


def _connect_proxy(proxy: Address, timeout: float) -> socket.socket:
    try:
        return _connect_plain(proxy, timeout)
    except OSError as error:
        raise ProxyError(f"the proxy cannot be reached: {error.strerror or error}") from error


def _ascii(address: Address) -> Any:
    """Return a host as bytes: for text, Python loads its tables of international names, half a megabyte on every host.

    Settings allow only ASCII. `socket.create_connection` accepts bytes, although its annotation does not include them.
    """
    return address.host.encode("ascii")


def _open_tunnel(plain: socket.socket, gateway: Address, headers: Mapping[str, str]) -> None:
    lines = [
        f"CONNECT {gateway} HTTP/1.1",
        f"host: {gateway}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    until = time.monotonic() + (plain.gettimeout() or 0.0)

    def check() -> None:
        if time.monotonic() > until:
            raise TimeoutError("its answer takes too long")

    try:
        plain.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1"))
        status = _Reader(plain, check, at_most=1).head()[0]
    except ClosedError as error:
        raise ProxyError("the proxy closed the connection when asked for a tunnel") from error
    except (OSError, HttpError) as error:
        raise ProxyError(f"the proxy does not answer as one: {error}") from error
    if status != _OK:
        raise ProxyError(_REFUSALS.get(status, f"the proxy answered {status} to CONNECT"))


class _Reader:
    """Reads one reply from a socket."""

    def __init__(self, source: socket.socket, check: Callable[[], None], at_most: int = _READ) -> None:
        self._source = source
        self._check = check
        self._at_most = at_most
        """Bytes of one read; 1 if the bytes after the head belong to another reader."""
        self._buffer = bytearray()
        self._started = False

    def answer(self, max_bytes: int) -> HttpAnswer:
        status, headers = self.head()
        for _ in range(MAX_INTERIM):
            if status >= _CONTINUES:
                break
            status, headers = self.head()
        if status < _CONTINUES:
            raise HttpError("its reply does not come to an end")
        closes = headers.get("connection", "").lower() == "close"
        if status in _BODILESS:
            body: bytes = b""
        elif "transfer-encoding" in headers:
            body = self._chunked(headers, max_bytes)
        elif "content-length" in headers:
            body = self._counted(headers["content-length"], max_bytes)
        else:
            body, closes = self._rest(max_bytes), True
        return HttpAnswer(status=status, headers=headers, body=body, reusable=not closes and not self._buffer)

    def head(self, status_line: re.Pattern[bytes] = _STATUS_LINE) -> tuple[int, dict[str, str]]:
        found = status_line.fullmatch(self._line())
        if found is None:
            raise HttpError("it does not speak HTTP/1.1")
        headers: dict[str, str] = {}
        for _ in range(MAX_HEADERS):
            line = self._line()
            if not line:
                return int(found[1]), headers
            header = _HEADER.fullmatch(line)
            if header is None:
                raise HttpError("a header of its reply is malformed")
            name = header[1].decode("ascii").lower()
            if name in headers and name in ("content-length", "transfer-encoding"):
                raise HttpError(f"its reply has more than one {name}")
            headers[name] = header[2].decode("latin-1")
        raise HttpError("its reply has too many headers")

    def _counted(self, text: str, max_bytes: int) -> bytes:
        if not _LENGTH.fullmatch(text) or int(text) > max_bytes:
            raise HttpError(f"its reply is longer than {max_bytes} bytes")
        return self._take(int(text))

    def stream(self) -> HttpStream:
        status, headers = self.head(_STATUS_LINE_OF_A_FILE)
        while status < _CONTINUES:
            status, headers = self.head(_STATUS_LINE_OF_A_FILE)
        if "transfer-encoding" in headers:
            return HttpStream(status=status, parts=self._chunk_parts(headers))
        length = headers.get("content-length")
        if length is not None and not _LENGTH.fullmatch(length):
            raise HttpError("the length of its reply is not a number")
        return HttpStream(status=status, parts=self._parts(None if length is None else int(length)))

    def _parts(self, left: int | None) -> Iterator[bytes]:
        """Yield ``left`` bytes, or all until the peer closes if None."""
        while left is None or left > 0:
            if not self._buffer and not self._more():
                if left is None:
                    return
                raise HttpError("its reply is cut off")
            part = bytes(self._buffer[: len(self._buffer) if left is None else left])
            del self._buffer[: len(part)]
            left = None if left is None else left - len(part)
            yield part

    def _chunk_parts(self, headers: Mapping[str, str]) -> Iterator[bytes]:
        if headers["transfer-encoding"].lower() != "chunked" or "content-length" in headers:
            raise HttpError("the length of its reply is ambiguous")
        while True:
            size = _CHUNK_SIZE.fullmatch(self._line())
            if size is None:
                raise HttpError("a chunk of its reply is malformed")
            if int(size[1], 16) == 0:
                return
            yield from self._parts(int(size[1], 16))
            if self._line():
                raise HttpError("a chunk of its reply is malformed")

    def _chunked(self, headers: Mapping[str, str], max_bytes: int) -> bytes:
        if headers["transfer-encoding"].lower() != "chunked" or "content-length" in headers:
            raise HttpError("the length of its reply is ambiguous")
        body = bytearray()
        for _ in range(MAX_CHUNKS):
            size = _CHUNK_SIZE.fullmatch(self._line())
            if size is None or len(body) + int(size[1], 16) > max_bytes:
                raise HttpError("a chunk of its reply is malformed or too long")
            if int(size[1], 16) == 0:
                self._skip_trailers()
                return bytes(body)
            body += self._take(int(size[1], 16))
            if self._line():
                raise HttpError("a chunk of its reply is malformed or too long")
        raise HttpError("its reply has too many chunks")

    def _skip_trailers(self) -> None:
        for _ in range(MAX_HEADERS):
            if not self._line():
                return
        raise HttpError("its reply has too many trailers")

    def _rest(self, max_bytes: int) -> bytes:
        while len(self._buffer) <= max_bytes:
            if not self._more():
                body = bytes(self._buffer)
                self._buffer.clear()
                return body
        raise HttpError(f"its reply is longer than {max_bytes} bytes")

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > MAX_LINE:
                raise HttpError("a line of its reply is too long")
            self._need()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._need()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _need(self) -> None:
        if not self._more():
            raise CutOffError("its reply is cut off")

    def _more(self) -> bool:
        try:
            found = self._source.recv(self._at_most)
        except (ConnectionResetError, ssl.SSLEOFError) as error:
            if not self._started:
                raise ClosedError("the connection was closed") from error
            raise
        if not found and not self._started:
            raise ClosedError("the connection was closed")
        self._check()
        self._started = True
        self._buffer += found
        return bool(found)
