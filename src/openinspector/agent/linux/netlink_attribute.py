"""Attributes of netlink messages (netlink(7)): length and type of two bytes each, and the value, padded to four."""

import struct
from collections.abc import Iterator
from typing import Final

_HEAD: Final = struct.Struct("=HH")
_TYPE: Final = 0x3FFF
"""Mask of the type without its two flags: nested, network byte order."""


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (type, value) of each attribute in ``data``; stop at the first malformed one."""
    at = 0
    while at + _HEAD.size <= len(data):
        length, kind = _HEAD.unpack_from(data, at)
        if length < _HEAD.size:
            return
        yield kind & _TYPE, data[at + _HEAD.size : at + length]
        at += aligned(length)


def render_attribute(kind: int, value: bytes) -> bytes:
    """Return the bytes of one attribute."""
    return (_HEAD.pack(_HEAD.size + len(value), kind) + value).ljust(aligned(_HEAD.size + len(value)), b"\0")


def aligned(length: int) -> int:
    """Return ``length`` rounded up to a multiple of four."""
    return (length + 3) & ~3
