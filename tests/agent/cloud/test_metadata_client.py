import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from openinspector.agent.cloud.metadata_client import MAX_REPLY_BYTES, ask
from openinspector.testing.fake_imds import FakeImds, Speaks


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_answer() -> None:
    with FakeImds(speaks=Speaks.V1_ONLY) as service:
        reply = ask(service.address, "GET", "/latest/meta-data/instance-id", {})
    assert (reply.status, reply.body) == (200, b"i-0123456789abcdef0")


def test_ignores_proxy_from_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with FakeImds(speaks=Speaks.V1_ONLY) as service:
        assert ask(service.address, "GET", "/latest/meta-data/ami-id", {}).status == 200


def test_redirects_are_not_followed() -> None:
    with answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n") as address:
        assert ask(address, "GET", "/", {}).status == 302


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (MAX_REPLY_BYTES + 1),
    ],
    ids=["nothing", "no HTTP", "cut short", "bad chunk", "many headers", "too long"],
)
def test_invalid_answer_raises_os_error(reply: bytes) -> None:
    with answering(reply) as address, pytest.raises(OSError, match="answer|127"):
        ask(address, "GET", "/", {})


def test_closed_port_raises_os_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        ask(f"127.0.0.1:{port}", "GET", "/", {})


def test_silent_service_raises_os_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(TimeoutError):
        ask(f"127.0.0.1:{server.getsockname()[1]}", "GET", "/", {})
