"""Writes minimal registry hives, for tests of their readers."""

import struct
from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import Final

from openinspector.testing.windows_documents import Data, Keys, Stored

_NOTHING: Final = 0xFFFFFFFF
_PAGE: Final = 4096
_SEGMENT: Final = 16344
_INLINE_BYTES: Final = 4


@dataclass(slots=True)
class _Node:
    values: dict[str, Data] = field(default_factory=dict)
    below: dict[str, "_Node"] = field(default_factory=dict)


def render_hive(keys: Keys, *, list_kind: bytes = b"lf", closed: bool = True) -> bytes:
    """Return a hive of ``keys``, whose paths count from its root.

    ``list_kind`` is the kind of the lists of keys: lf, lh, li, or ri over li.
    """
    root = _Node()
    for path, values in keys.items():
        node = root
        for name in path.split("\\") if path else ():
            node = node.below.setdefault(name, _Node())
        node.values.update(values)
    cells = _Cells(list_kind)
    security = cells.add(_security())
    cells.security = security
    struct.pack_into("<II", cells.data, security + 4 + 4, security, security)
    offset = cells.key("ROOT", root, None)
    return cells.hive(offset, closed=closed)


class _Cells:
    def __init__(self, list_kind: bytes) -> None:
        self.data = bytearray(32)
        self.security = 0
        self._list_kind = list_kind

    def add(self, content: bytes) -> int:
        offset = len(self.data)
        size = -(-(len(content) + 4) // 8) * 8
        self.data += struct.pack("<i", -size) + content.ljust(size - 4, b"\0")
        return offset

    def key(self, name: str, node: _Node, parent: int | None) -> int:
        latin = name.isascii()
        encoded = name.encode("latin-1" if latin else "utf-16-le")
        flags = (0x20 if latin else 0) | (0x0C if parent is None else 0)
        offset = self.add(bytes(76) + encoded)
        values = [self._value(each, data) for each, data in node.values.items()]
        listed = self.add(struct.pack(f"<{len(values)}I", *values)) if values else _NOTHING
        order = sorted(node.below, key=str.upper)
        below = [(each, self.key(each, node.below[each], offset)) for each in order]
        names = self._names(below) if below else _NOTHING
        struct.pack_into(
            "<2sHQIIIIIIIIIIIIIIIHH",
            self.data,
            offset + 4,
            *(b"nk", flags, 0, 0, offset if parent is None else parent, len(below), 0, names, _NOTHING),
            *(len(values), listed, self.security, _NOTHING, 0, 0, 0, 0, 0, len(encoded), 0),
        )
        return offset

    def hive(self, root: int, *, closed: bool) -> bytes:
        size = -(-len(self.data) // _PAGE) * _PAGE
        left = size - len(self.data)
        if left:
            self.data += struct.pack("<i", left).ljust(left, b"\0")
        struct.pack_into("<4sII", self.data, 0, b"hbin", 0, size)
        head = bytearray(_PAGE)
        struct.pack_into("<4sIIQIIIIII", head, 0, b"regf", 1, 1 if closed else 2, 0, 1, 5, 0, 1, root, size)
        struct.pack_into("<I", head, 44, 1)
        struct.pack_into("<I", head, 508, reduce(xor, struct.unpack_from("<127I", head)))
        return bytes(head + self.data)

    def _names(self, below: list[tuple[str, int]]) -> int:
        if self._list_kind in (b"li", b"ri"):
            offsets = [offset for _, offset in below]
            listed = self.add(struct.pack(f"<2sH{len(offsets)}I", b"li", len(offsets), *offsets))
            return listed if self._list_kind == b"li" else self.add(struct.pack("<2sHI", b"ri", 1, listed))
        hashed = (struct.pack("<I", offset) + self._hash(name) for name, offset in below)
        return self.add(struct.pack("<2sH", self._list_kind, len(below)) + b"".join(hashed))

    def _hash(self, name: str) -> bytes:
        if self._list_kind == b"lf":
            return name.encode("latin-1", errors="replace")[:4].ljust(4, b"\0")
        return struct.pack("<I", reduce(lambda found, letter: (found * 37 + ord(letter)) & _NOTHING, name.upper(), 0))

    def _value(self, name: str, data: Data) -> int:
        kind, stored = _stored(data)
        latin = name.isascii()
        encoded = name.encode("latin-1" if latin else "utf-16-le")
        size, place = len(stored), 0
        if size <= _INLINE_BYTES:
            place, size = int.from_bytes(stored.ljust(4, b"\0"), "little"), size | 0x80000000
        else:
            place = self.add(stored) if size <= _SEGMENT else self._long(stored)
        return self.add(struct.pack("<2sHIIIHH", b"vk", len(encoded), size, place, kind, latin, 0) + encoded)

    def _long(self, stored: bytes) -> int:
        parts = [self.add(stored[start : start + _SEGMENT]) for start in range(0, len(stored), _SEGMENT)]
        listed = self.add(struct.pack(f"<{len(parts)}I", *parts))
        return self.add(struct.pack("<2sHI", b"db", len(parts), listed))


def _stored(data: Data) -> tuple[int, bytes]:
    match data:
        case str():
            return 1, f"{data}\0".encode("utf-16-le")
        case int():
            return 4, data.to_bytes(4, "little")
        case bytes():
            return 3, data
        case Stored():
            return data.type, data.data
        case texts:
            return 7, ("".join(f"{text}\0" for text in texts) + "\0").encode("utf-16-le")


def _security() -> bytes:
    """Return an ``sk`` cell with a descriptor that says nothing: self-relative, no owner, no lists."""
    descriptor = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)
    return struct.pack("<2sHIIII", b"sk", 0, 0, 0, 1, len(descriptor)) + descriptor
