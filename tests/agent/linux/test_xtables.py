import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.linux.xtables import MAX_BYTES, render_arguments

ANY = (0, 65535)


def tcp(source: tuple[int, int], destination: tuple[int, int], inversions: int = 0, option: int = 0) -> bytes:
    return struct.pack("=HHHHBBBB", *source, *destination, option, 0, 0, inversions)


def udp(source: tuple[int, int], destination: tuple[int, int], inversions: int = 0) -> bytes:
    return struct.pack("=HHHHBx", *source, *destination, inversions)


def multiport(side: int, ports: list[int], ranges: list[int], inverted: int = 0) -> bytes:
    padding = [0] * (15 - len(ports))
    return struct.pack("=BB15H15BB", side, len(ports), *ports, *padding, *ranges, *padding, inverted)


def conntrack(flags: int, states: int, inverted: int = 0) -> bytes:
    return struct.pack("=146xHHHH8x", flags, inverted, states, 0)


@pytest.mark.parametrize(
    ("name", "revision", "data", "text"),
    [
        ("tcp", 0, tcp(ANY, (22, 22)), "--dport 22"),
        ("tcp", 0, tcp((1024, 65535), (22, 23), 2), "--sport 1024:65535 ! --dport 22:23"),
        ("tcp", 0, tcp(ANY, ANY), ""),
        ("tcp", 0, tcp(ANY, ANY, option=2), "0x" + tcp(ANY, ANY, option=2).hex()),
        ("udp", 0, udp((53, 53), ANY, 1), "! --sport 53"),
        ("multiport", 1, multiport(1, [22, 80, 90], [0, 1, 0]), "--dports 22,80:90"),
        ("multiport", 1, multiport(2, [22], [0], 1), "! --ports 22"),
        ("conntrack", 3, conntrack(1, 0b0110), "--ctstate ESTABLISHED,RELATED"),
        ("conntrack", 3, conntrack(0x2001, 0b1000), "--ctstate NEW"),  # -m state
        ("conntrack", 3, conntrack(1, 0b1, 1), "! --ctstate INVALID"),
        ("conntrack", 3, conntrack(3, 0b1), "0x" + conntrack(3, 0b1).hex()),
        ("state", 0, struct.pack("=I", 0b1000), "--state NEW"),
        ("mark", 1, struct.pack("=IIBxxx", 1, 0xFF, 0), "--mark 0x1/0xff"),
        ("comment", 0, b"two words".ljust(256, b"\0"), '"two words"'),
        ("recent", 1, b"\1\2", "0x0102"),
        ("tcp", 9, b"\1", "0x01"),
        ("tcp", 0, b"\1", "0x01"),
        ("recent", 1, b"", ""),
    ],
)
def test_arguments(name: str, revision: int, data: bytes, text: str) -> None:
    assert render_arguments(name, revision, data) == text


def test_long_arguments_are_truncated_and_marked() -> None:
    text = render_arguments("bpf", 1, bytes(MAX_BYTES + 3))
    assert text == "0x" + "00" * MAX_BYTES + " and 3 bytes more"


@given(
    st.sampled_from(["tcp", "udp", "multiport", "conntrack", "state", "mark", "comment"]),
    st.integers(0, 3),
    st.binary(max_size=300),
)
def test_any_bytes_are_rendered(name: str, revision: int, data: bytes) -> None:
    assert isinstance(render_arguments(name, revision, data), str)
