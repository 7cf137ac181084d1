import ssl

import pytest
from tests.service.listener.conftest import LARGE, Listen
from tests.service.listener.test_tls_server import read_to_end, wait_for_none

from openinspector.service.listener.http_protocol import MAX_HEAD_BYTES, TimeLimits

ENDLESS = 2 * MAX_HEAD_BYTES + 2 * 256 * 1024
"""More than the limit beside what TLS hands over at once (256 KiB)."""
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_missing_request_times_out(listen: Listen) -> None:
    listener = listen(TimeLimits(head=0.2))
    with listener.tls() as peer:
        assert read_to_end(peer) == b""
    assert listener.soon_closed("head") == 1
    wait_for_none(listener.open)


def test_bytes_of_a_head_do_not_extend_its_time(listen: Listen) -> None:
    listener = listen(TimeLimits(head=0.5))
    with listener.tls() as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n")
        drip(peer, b"X-Header: slow\r\n")
    assert listener.soon_closed("head") == 1


def test_line_feeds_between_requests_do_not_extend_the_idle_time(listen: Listen) -> None:
    listener = listen(TimeLimits(idle=0.5))
    with listener.tls() as peer:
        peer.sendall(REQUEST)
        answer(peer)
        drip(peer, b"\r\n")
    assert listener.soon_closed("idle") == 1


def test_slow_body_times_out(listen: Listen) -> None:
    listener = listen(TimeLimits(body=0.5))
    with listener.tls() as peer:
        peer.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n")
        drip(peer, b"x")
    assert listener.soon_closed("body") == 1


def test_time_limit_of_a_body_grows_with_its_size(listen: Listen) -> None:
    listener = listen(TimeLimits(body=0.05))
    with listener.tls() as peer:
        peer.settimeout(1)
        peer.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        with pytest.raises(TimeoutError):
            peer.recv(1)
        peer.settimeout(30)
        peer.sendall(b"x" * 100000)
        assert answer(peer).endswith(b"100000")


def test_a_slow_application_is_waited_for(listen: Listen) -> None:
    with listen(TimeLimits(head=0.2, body=0.2, idle=0.2)).tls() as peer:
        peer.sendall(REQUEST.replace(b"/ ", b"/slow "))
        assert answer(peer).startswith(b"HTTP/1.1 200")


def test_idle_connection_times_out_later_for_agents(listen: Listen) -> None:
    listener = listen(TimeLimits(idle=0.2, proven_idle=60))
    with listener.tls() as agent, listener.tls() as stranger:
        agent.sendall(REQUEST.replace(b"/ ", b"/prove "))
        answer(agent)
        stranger.sendall(REQUEST)
        assert read_to_end(stranger).startswith(b"HTTP/1.1 200")
        agent.sendall(REQUEST)
        assert answer(agent).startswith(b"HTTP/1.1 200")
    assert listener.soon_closed("idle") == 1


def test_blocked_reader_times_out(listen: Listen) -> None:
    listener = listen(TimeLimits(write=0.3))
    with listener.tls() as peer:
        peer.sendall(REQUEST.replace(b"/ ", b"/large "))
        wait_for_none(lambda: listener.closed("write") == 0)
        assert len(read_to_end(peer)) < LARGE
    wait_for_none(listener.open)


def test_a_refused_body_is_not_awaited(listen: Listen) -> None:
    listener = listen(TimeLimits(shutdown=0.2))
    with listener.tls() as peer:
        peer.sendall(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n")
        assert read_to_end(peer).startswith(b"HTTP/1.1 200")
    wait_for_none(listener.open)


@pytest.mark.parametrize(
    "endless",
    [
        b"GET / HTTP/1.1\r\nX: " + b"x" * ENDLESS,
        b"GET /" + b"x" * ENDLESS,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * ENDLESS,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 200,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * ENDLESS,
    ],
    ids=["header", "target", "headers", "trailer", "trailers", "chunk extension"],
)
def test_request_buffer_is_bounded(listen: Listen, endless: bytes) -> None:
    listener = listen(TimeLimits())
    with listener.tls() as peer:
        for start in range(0, len(endless), 4096):
            try:
                peer.sendall(endless[start : start + 4096])
            except (OSError, ssl.SSLError):
                break
        else:
            read_to_end(peer)
    wait_for_none(lambda: listener.closed("size") == 0)
    wait_for_none(listener.open)


def test_small_chunks_are_a_body(listen: Listen) -> None:
    with listen(TimeLimits()).tls() as peer:
        peer.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.sendall(b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
        assert answer(peer).endswith(b"50000")


def test_pipelined_requests_are_answered_in_order_and_bounded(listen: Listen) -> None:
    listener = listen(TimeLimits(idle=0.2))
    with listener.tls() as peer:
        peer.sendall(REQUEST * 5)
        assert read_to_end(peer).count(b"HTTP/1.1 200") == 5
    with listener.tls() as peer:
        peer.sendall(REQUEST.replace(b"/ ", b"/slow ") + REQUEST * 2000)
        read_to_end(peer)
    assert listener.soon_closed("pipeline") == 1


def drip(peer: ssl.SSLSocket, data: bytes) -> None:
    """Send ``data`` again and again, until the other side closes."""
    peer.settimeout(0.05)
    while True:
        try:
            peer.sendall(data)
            if not peer.recv(1024):
                return
        except TimeoutError:
            continue
        except (OSError, ssl.SSLError):
            return


def answer(peer: ssl.SSLSocket) -> bytes:
    """Return one response of `application`, which is short and has a length."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += peer.recv(1)
    length = int(read.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while length > 0:
        body = peer.recv(length)
        read, length = read + body, length - len(body)
    return read
