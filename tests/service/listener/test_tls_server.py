import socket
import ssl
import time

from tests.service.listener.conftest import WAIT_SECONDS, Listen

from openinspector.service.listener.http_protocol import TimeLimits


def test_a_request_is_answered(listen: Listen) -> None:
    with listen(TimeLimits()).tls() as peer:
        peer.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
        assert peer.recv(1024).startswith(b"HTTP/1.1 200")


def test_silent_connection_times_out(listen: Listen) -> None:
    listener = listen(TimeLimits(handshake=0.2))
    with listener.tcp() as peer:
        assert read_to_end(peer) == b""
    assert listener.soon_closed("handshake") == 1


def test_incomplete_handshake_times_out(listen: Listen) -> None:
    listener = listen(TimeLimits(handshake=0.2))
    with listener.tcp() as peer:
        peer.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert read_to_end(peer) == b""
    assert listener.soon_closed("handshake") == 1


def test_cleartext_is_closed(listen: Listen) -> None:
    listener = listen(TimeLimits())
    with listener.tcp() as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        read_to_end(peer)
    assert listener.soon_closed("tls") == 1


def test_silent_connections_are_counted_before_tls(listen: Listen) -> None:
    listener = listen(TimeLimits(), per_address=2)
    with listener.tcp() as first, listener.tcp() as second:
        with listener.tcp() as third:
            assert read_to_end(third) == b""
        assert listener.counters.value("openinspector_connections_refused_total", limit="address") == 1
        assert {first.fileno(), second.fileno()}
    wait_for_none(listener.open)
    with listener.tls() as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert peer.recv(1024).startswith(b"HTTP/1.1 200")


def test_authenticated_connection_frees_its_place(listen: Listen) -> None:
    listener = listen(TimeLimits(), per_address=1)
    with listener.tls() as agent:
        agent.sendall(b"GET /prove HTTP/1.1\r\nHost: x\r\n\r\n")
        assert agent.recv(1024).startswith(b"HTTP/1.1 200")
        with listener.tls() as peer:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert peer.recv(1024).startswith(b"HTTP/1.1 200")
            with listener.tcp() as another:
                assert read_to_end(another) == b""


def read_to_end(peer: socket.socket) -> bytes:
    """Return what a peer sends until it closes, however it closes."""
    read = b""
    try:
        while chunk := peer.recv(65536):
            read += chunk
    except (ConnectionResetError, ssl.SSLError):
        pass
    return read


def wait_for_none(number: object) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    assert callable(number)
    while number():
        assert time.monotonic() < deadline
        time.sleep(0.01)
