import struct

from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.linux.netlink import messages


def message(kind: int, payload: bytes) -> bytes:
    length = 16 + len(payload)
    return (struct.pack("=IHHII", length, kind, 0, 1, 0) + payload).ljust((length + 3) & ~3, b"\0")


@given(st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=40))))
def test_datagram_round_trip(parts: list[tuple[int, bytes]]) -> None:
    assert list(messages(b"".join(message(kind, payload) for kind, payload in parts))) == parts


@given(st.binary())
def test_any_datagram_terminates(data: bytes) -> None:
    list(messages(data))
