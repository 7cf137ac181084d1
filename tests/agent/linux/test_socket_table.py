import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.linux.socket_table import parse_table
from openinspector.model.inventory import TransportProtocol

LINE = b"head\n 0: %b 00000000:0000 0A 0:0 0:0 0 0 0 7 1\n"


@pytest.mark.skipif(sys.byteorder == "big", reason="the sample is of a little-endian machine")
@pytest.mark.parametrize(
    ("local", "address", "port"),
    [
        (b"0100007F:1F90", "127.0.0.1", 8080),
        (b"00000000:0016", "0.0.0.0", 22),
        (b"0000000000000000FFFF00000100007F:0050", "::ffff:127.0.0.1", 80),
        (b"B80D01200000000000000000010000AA:01BB", "2001:db8::aa00:1", 443),
    ],
)
def test_addresses(local: bytes, address: str, port: int) -> None:
    (found,) = parse_table(LINE % local, TransportProtocol.TCP, 4)
    assert (found.address, found.port, found.inode) == (address, port, 7)


@pytest.mark.parametrize("local", [b"", b":", b"zz:0016", b"00:0016", b"00000000:zz", b"00000000", b"0" * 999 + b":1"])
def test_invalid_lines_are_skipped(local: bytes) -> None:
    assert list(parse_table(LINE % local, TransportProtocol.TCP, 4)) == []


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    list(parse_table(b"head\n" + data, TransportProtocol.UDP, 6))
