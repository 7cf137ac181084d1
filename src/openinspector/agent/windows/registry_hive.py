"""Registry hives (``SOFTWARE``, ``SYSTEM``): the files of the Windows registry, read without Windows.

A hive is a header of 4096 bytes and cells: a signed 32-bit size, negative while in use, and data; offsets count from
the end of the header. Keys are ``nk`` cells, those below them in ``lf``, ``lh`` or ``li`` lists or an ``ri`` list of
those; values are ``vk`` cells, long data a ``db`` list of segments. Source: Maxim Suhanov, "Windows registry file
format specification". Only requested keys are followed, so that loops do no harm.
"""

import struct
from collections.abc import Iterator
from functools import reduce
from operator import xor
from typing import Final

from openinspector.agent.host import RegistryKey, RegistryValue
from openinspector.agent.windows.registry_tree import registry_data
from openinspector.model.errors import SensorError

MAX_HIVE_BYTES: Final = 512 * 1024 * 1024
MAX_NAMES: Final = 200_000
"""Limit on the subkeys and on the values of one key."""
MAX_DATA: Final = 16 * 1024 * 1024

_HEADER: Final = 4096
_CHECKSUM: Final = 508
_NOTHING: Final = 0xFFFFFFFF
_INLINE: Final = 0x80000000
_SEGMENT: Final = 16344
"""Bytes of data in one cell of a long value."""
_SEGMENTS_SINCE: Final = 4
"""Minor version; version 1.3 stores long data in one cell."""
_LATIN_KEY: Final = 0x20
_LATIN_VALUE: Final = 0x1
_WIDTHS: Final = {b"lf": 8, b"lh": 8, b"li": 4}


class RegistryHiveError(SensorError):
    """A file that is not a hive, is damaged, or was not closed."""


class RegistryHive:
    """One hive; its methods raise RegistryHiveError for damage."""

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEADER or data[:4] != b"regf":
            raise RegistryHiveError("not a registry hive")
        numbers = struct.unpack_from("<127I", data)
        if reduce(xor, numbers) != struct.unpack_from("<I", data, _CHECKSUM)[0]:
            raise RegistryHiveError("a registry hive with a damaged header")
        if numbers[1] != numbers[2]:
            raise RegistryHiveError("a registry hive that was not closed: the changes in its log are missing")
        self._data = data
        self._root = numbers[9]
        self._has_segments = numbers[6] >= _SEGMENTS_SINCE
        self._below: dict[int, dict[str, tuple[str, int]]] = {}

    def key(self, names: list[str]) -> RegistryKey | None:
        """Return the key that ``names`` lead to from the root, in any case; None if there is no such key."""
        offset = self._root
        for name in names:
            found = self._subkeys(offset).get(name.casefold())
            if found is None:
                return None
            offset = found[1]
        subkeys = self._subkeys(offset).values()
        return RegistryKey(values=tuple(self._values(offset)), subkeys=tuple(name for name, _ in subkeys))

    def _subkeys(self, offset: int) -> dict[str, tuple[str, int]]:
        if offset not in self._below:
            (count,) = self._numbers(self._key(offset), "<I", 20)
            (listed,) = self._numbers(self._key(offset), "<I", 28)
            found: dict[str, tuple[str, int]] = {}
            for below in self._listed(listed) if count else ():
                name = self._key_name(below)
                found[name.casefold()] = (name, below)
                if len(found) > MAX_NAMES:
                    raise RegistryHiveError(f"more than {MAX_NAMES} keys below one")
            self._below[offset] = found
        return self._below[offset]

    def _listed(self, offset: int, *, nested: bool = False) -> Iterator[int]:
        cell = self._cell(offset)
        (count,) = self._numbers(cell, "<H", 2)
        if cell[:2] == b"ri" and not nested:
            for part in self._numbers(cell, f"<{count}I", 4):
                yield from self._listed(part, nested=True)
            return
        width = _WIDTHS.get(cell[:2])
        if width is None or len(cell) < 4 + count * width:
            raise RegistryHiveError(f"a damaged list of keys at {offset}")
        for at in range(4, 4 + count * width, width):
            yield from self._numbers(cell, "<I", at)

    def _key_name(self, offset: int) -> str:
        cell = self._key(offset)
        (flags,), (length,) = self._numbers(cell, "<H", 2), self._numbers(cell, "<H", 72)
        return _name(cell, 76, length, latin=bool(flags & _LATIN_KEY))

    def _values(self, offset: int) -> Iterator[RegistryValue]:
        count, listed = self._numbers(self._key(offset), "<II", 36)
        if count > MAX_NAMES:
            raise RegistryHiveError(f"more than {MAX_NAMES} values in one key")
        for value in self._numbers(self._cell(listed), f"<{count}I", 0) if count else ():
            yield self._value(self._cell(value))

    def _value(self, cell: bytes) -> RegistryValue:
        if cell[:2] != b"vk":
            raise RegistryHiveError("an invalid value")
        length, size, _, kind, flags = self._numbers(cell, "<HIIIH", 2)
        name = _name(cell, 20, length, latin=bool(flags & _LATIN_VALUE))
        return RegistryValue(name=name, type=kind, data=registry_data(kind, self._stored(cell, size)))

    def _stored(self, cell: bytes, size: int) -> bytes:
        if size & _INLINE:
            return cell[8 : 8 + min(size & ~_INLINE, 4)]
        if size == 0:
            return b""
        if size > MAX_DATA:
            raise RegistryHiveError(f"a value larger than {MAX_DATA} bytes")
        (offset,) = self._numbers(cell, "<I", 8)
        data = self._cell(offset)
        found = (
            b"".join(self._segments(data))
            if self._has_segments and size > _SEGMENT and data[:2] == b"db"
            else data[:size]
        )
        if len(found) < size:
            raise RegistryHiveError("a value that is cut short")
        return found[:size]

    def _segments(self, cell: bytes) -> Iterator[bytes]:
        count, listed = self._numbers(cell, "<HI", 2)
        if count * _SEGMENT > MAX_DATA + _SEGMENT:
            raise RegistryHiveError(f"a value larger than {MAX_DATA} bytes")
        for segment in self._numbers(self._cell(listed), f"<{count}I", 0):
            yield self._cell(segment)[:_SEGMENT]

    def _key(self, offset: int) -> bytes:
        cell = self._cell(offset)
        if cell[:2] != b"nk":
            raise RegistryHiveError(f"no key at {offset}")
        return cell

    def _cell(self, offset: int) -> bytes:
        start = _HEADER + offset
        if offset == _NOTHING or start + 4 > len(self._data):
            raise RegistryHiveError(f"a cell outside the hive: {offset}")
        size = -int.from_bytes(self._data[start : start + 4], "little", signed=True)
        if size < 4 or start + size > len(self._data):  # noqa: PLR2004 - the size itself
            raise RegistryHiveError(f"a damaged cell at {offset}")
        return self._data[start + 4 : start + size]

    def _numbers(self, cell: bytes, form: str, at: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(form, cell, at)
        except struct.error as error:
            raise RegistryHiveError("a cell that is too short") from error


def _name(cell: bytes, at: int, length: int, *, latin: bool) -> str:
    if at + length > len(cell):
        raise RegistryHiveError("a name that is cut short")
    return cell[at : at + length].decode("latin-1" if latin else "utf-16-le", errors="replace")
