import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from openinspector.agent.connection.http_connection import ClosedError, HttpAnswer, HttpError, connect
from openinspector.agent.connection.transport import make_tls_context
from openinspector.agent.settings.settings import Address
from openinspector.testing.throwaway_authority import ThrowawayAuthority

LIMIT = 1000
OK = b"HTTP/1.1 200 OK\r\n"


def fetched(folder: Path, *parts: bytes, check: Callable[[], None] = lambda: None) -> tuple[int, bytes]:
    """Fetch a file from a server that reads the request and then sends ``parts``, and closes."""
    authority = ThrowawayAuthority(folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=_serve, args=(listener, authority.server_context(), parts, b"close\r\n\r\n"))
        server.start()
        address = Address(host="127.0.0.1", port=listener.getsockname()[1])
        connection = connect(address, None, {}, 5, make_tls_context(authority.ca_file))
        try:
            stream = connection.get("/file", check)
            return stream.status, b"".join(stream.parts)
        finally:
            connection.close()
            server.join()


def exchange(folder: Path, *parts: bytes, check: Callable[[], None] = lambda: None) -> HttpAnswer:
    """Post to a server that reads the request and then sends ``parts``, one TLS record each, and closes."""
    authority = ThrowawayAuthority(folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=_serve, args=(listener, authority.server_context(), parts))
        server.start()
        address = Address(host="127.0.0.1", port=listener.getsockname()[1])
        connection = connect(address, None, {}, 5, make_tls_context(authority.ca_file))
        try:
            return connection.post("/x", b"body", {"a": "b"}, LIMIT, check)
        finally:
            connection.close()
            server.join()


def _serve(
    listener: socket.socket, context: ssl.SSLContext, parts: tuple[bytes, ...], last: bytes = b"\r\n\r\nbody"
) -> None:
    plain, _ = listener.accept()
    with plain, context.wrap_socket(plain, server_side=True) as secured:
        got = b""
        while not got.endswith(last):
            got += secured.recv(4096)
        try:
            for part in parts:
                secured.sendall(part)
            secured.unwrap()
        except OSError:
            pass


@pytest.mark.parametrize(
    ("parts", "body", "reusable"),
    [
        ((OK + b"Content-Length: 2\r\n\r\nhi",), b"hi", True),
        ((OK + b"Content-Length: 2\r\n", b"\r\nh", b"i"), b"hi", True),
        ((OK + b"content-length:2\r\nConnection: close\r\n\r\nhi",), b"hi", False),
        ((OK + b"\r\nuntil the end", b" of it"), b"until the end of it", False),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x=y\r\n ho\r\n0\r\nT: t\r\n\r\n",), b"hi ho", True),
        ((b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n",), b"", True),
        ((OK + b"Content-Length: 2\r\n\r\nhi and more",), b"hi", False),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), b"", True),
        ((b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",), b"", True),
    ],
)
def test_replies_of_every_length_form_are_read(
    tmp_path: Path, parts: tuple[bytes, ...], body: bytes, *, reusable: bool
) -> None:
    answer = exchange(tmp_path, *parts)
    assert (answer.body, answer.reusable) == (body, reusable)


def test_headers_are_read_in_lower_case(tmp_path: Path) -> None:
    answer = exchange(tmp_path, b"HTTP/1.1 429 Too Many\r\nRetry-After:  7 \r\nContent-Length: 0\r\n\r\n")
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((b"HTTP/1.0 200 OK\r\n\r\n",), "does not speak HTTP/1.1"),
        ((b"SSH-2.0-OpenSSH\r\n",), "does not speak HTTP/1.1"),
        ((b"HTTP/1.1 999 No\r\n\r\n",), "does not speak HTTP/1.1"),
        ((b"x" * 20_000,), "line of its reply is too long"),
        ((OK + b"a: " + b"x" * 20_000,), "line of its reply is too long"),
        ((OK + b"a: b\r\n" * 100,), "too many headers"),
        ((OK + b" folded\r\n\r\n",), "header of its reply is malformed"),
        ((OK + b"no colon\r\n\r\n",), "header of its reply is malformed"),
        ((OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nhi",), "more than one content-length"),
        ((OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi",), "ambiguous"),
        ((OK + b"Transfer-Encoding: gzip\r\n\r\nhi",), "ambiguous"),
        ((OK + b"Content-Length: -2\r\n\r\nhi",), "longer than"),
        ((OK + b"Content-Length: 1001\r\n\r\n",), "longer than"),
        ((OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",), "longer than"),
        ((OK + b"Content-Length: 5\r\n\r\nhi",), "cut off"),
        ((OK + b"Content-Len",), "cut off"),
        ((OK + b"\r\n" + b"x" * 5000,), "longer than"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n",), "chunk"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",), "chunk"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"T: t\r\n" * 100,), "trailers"),
        ((b"HTTP/1.1 103 Early\r\n\r\n" * 100 + OK + b"\r\n",), "does not come to an end"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhiho\r\n",), "chunk"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 5000,), "chunk"),
    ],
)
def test_rejects_invalid_replies(tmp_path: Path, parts: tuple[bytes, ...], message: str) -> None:
    with pytest.raises(HttpError, match=message):
        exchange(tmp_path, *parts)


def test_connection_closed_before_reply(tmp_path: Path) -> None:
    with pytest.raises(ClosedError):
        exchange(tmp_path)


def test_slow_reply_times_out(tmp_path: Path) -> None:
    def check() -> None:
        raise TimeoutError("too long")

    with pytest.raises(TimeoutError):
        exchange(tmp_path, OK, check=check)


@pytest.mark.parametrize(
    ("parts", "status", "body"),
    [
        ((OK + b"Content-Length: 5\r\n\r\nhello",), 200, b"hello"),
        ((OK + b"Content-Length: 5\r\n\r\nhel", b"lo and more"), 200, b"hello"),
        ((OK + b"Content-Length: 0\r\n\r\n",), 200, b""),
        ((OK + b"\r\nuntil the end", b" of it"), 200, b"until the end of it"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\n ho\r\n0\r\n\r\n",), 200, b"hi ho"),
        ((b"HTTP/1.0 404 Not found\r\n\r\nno",), 404, b"no"),
    ],
)
def test_files_of_every_length_form_are_read(
    tmp_path: Path, parts: tuple[bytes, ...], status: int, body: bytes
) -> None:
    assert fetched(tmp_path, *parts) == (status, body)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((OK + b"Content-Length: 5\r\n\r\nhel",), "cut off"),
        ((OK + b"Content-Length: -5\r\n\r\nhel",), "not a number"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",), "malformed"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhim",), "malformed|cut off"),
        ((OK + b"Transfer-Encoding: gzip\r\n\r\n",), "ambiguous"),
        ((OK + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",), "ambiguous"),
        ((b"HTTP/2 200\r\n\r\n",), "does not speak"),
        ((b"",), "closed"),
    ],
)
def test_rejects_invalid_file_replies(tmp_path: Path, parts: tuple[bytes, ...], message: str) -> None:
    with pytest.raises(HttpError, match=message):
        fetched(tmp_path, *parts)


def test_slow_file_times_out(tmp_path: Path) -> None:
    def check() -> None:
        raise TimeoutError("it takes too long")

    with pytest.raises(TimeoutError):
        fetched(tmp_path, OK, b"Content-Length: 5\r\n\r\n", check=check)
