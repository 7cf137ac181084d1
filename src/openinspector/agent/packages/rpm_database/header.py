"""One rpm header as every back end stores it: an index of tags and the data they point into.

Format: https://rpm-software-management.github.io/rpm/manual/format_header.html, without the magic of package files:
two big-endian counts (entries, data bytes), 16 bytes for each entry (tag, type, offset, count), the data.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Final

from openinspector.model.errors import SensorError

NAME: Final = 1000
VERSION: Final = 1001
RELEASE: Final = 1002
EPOCH: Final = 1003
VENDOR: Final = 1011
ARCHITECTURE: Final = 1022
SOURCE_RPM: Final = 1044
DIRECTORY_INDEXES: Final = 1116
BASE_NAMES: Final = 1117
DIRECTORY_NAMES: Final = 1118
MODULARITY_LABEL: Final = 5096

_COUNTS: Final = struct.Struct(">II")
_ENTRY: Final = struct.Struct(">IIII")
_INT32: Final = 4
_STRINGS: Final = (6, 8, 9)
"""STRING, STRING_ARRAY, I18NSTRING."""
MAX_BLOB_BYTES: Final = 64 * 1024 * 1024
"""Limit on the size of a header, above any that rpm writes."""
_MAX_PATH: Final = 4096
"""PATH_MAX of Linux."""
_MAX_ENTRIES: Final = 0xFFFF
"""rpm's own limit (header.c)."""


class Header:
    """The tags of one header; values are decoded only when asked for."""

    def __init__(self, blob: bytes) -> None:
        """Read the index; raise SensorError if ``blob`` is not a header."""
        if len(blob) < _COUNTS.size:
            raise SensorError("an rpm header is shorter than its counts")
        entries, size = _COUNTS.unpack_from(blob)
        start = _COUNTS.size + entries * _ENTRY.size
        if not 0 < entries <= _MAX_ENTRIES or start + size > len(blob):
            raise SensorError("an rpm header is shorter than its index says")
        self._data = blob[start : start + size]
        index = _ENTRY.iter_unpack(blob[_COUNTS.size : start])
        self._index: Mapping[int, tuple[int, int, int]] = {
            tag: (kind, offset, count) for tag, kind, offset, count in index
        }

    def text(self, tag: int) -> str:
        """Return the first string of ``tag``; empty if the header has none."""
        return next(iter(self.texts(tag, limit=1)), "")

    def texts(self, tag: int, limit: int = 1_000_000) -> list[str]:
        """Return up to ``limit`` strings of ``tag``."""
        kind, offset, count = self._index.get(tag, (0, 0, 0))
        if kind not in _STRINGS or not 0 <= offset < len(self._data):
            return []
        wanted = min(count, limit)
        if wanted == 1:
            end = self._data.find(b"\0", offset)
            return [self._data[offset : end if end >= 0 else None].decode(errors="replace")]
        parts = self._data[offset:].split(b"\0", wanted)
        return [part.decode(errors="replace") for part in parts[:wanted]]

    def number(self, tag: int) -> int | None:
        """Return the first 32-bit number of ``tag``, or None."""
        return next(iter(self.numbers(tag, limit=1)), None)

    def numbers(self, tag: int, limit: int = 1_000_000) -> tuple[int, ...]:
        """Return up to ``limit`` 32-bit numbers of ``tag``."""
        kind, offset, count = self._index.get(tag, (0, 0, 0))
        wanted = min(count, limit, max(0, len(self._data) - offset) // 4)
        if kind != _INT32 or wanted <= 0:
            return ()
        return struct.unpack_from(f">{wanted}I", self._data, offset)

    def paths(self) -> Iterator[str]:
        """Yield the path of every file of the package, except paths longer than Linux allows."""
        folders = self.texts(DIRECTORY_NAMES)
        names = self.texts(BASE_NAMES)
        for name, index in zip(names, self.numbers(DIRECTORY_INDEXES), strict=False):
            if index < len(folders) and len(folders[index]) + len(name) <= _MAX_PATH:
                yield folders[index] + name
