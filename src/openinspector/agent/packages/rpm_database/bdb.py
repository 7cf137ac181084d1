"""The Berkeley DB hash file ``Packages`` of rpm before 4.16 (db-5.3, src/dbinc/db_page.h).

Page 0 describes the file; hash pages hold pairs of a key (package number) and a value (its header), a large value in
a chain of overflow pages. The byte order is that of the machine that wrote the file, so both are read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openinspector.agent.packages.rpm_database.header import MAX_BLOB_BYTES
from openinspector.model.errors import SensorError

_HASH_MAGIC: Final = 0x061561
_MAGIC_AT: Final = 12
_PAGE_SIZE_AT: Final = 20
_ENCRYPTION_AT: Final = 24
_PAGE_SIZES: Final = tuple(2**power for power in range(9, 17))
_PAGE_HEADER: Final = 26
_NEXT_AT: Final = 16
_ENTRIES_AT: Final = 20
_FREE_AT: Final = 22
_TYPE_AT: Final = 25
_HASH_PAGES: Final = (2, 13)
"""P_HASH_UNSORTED, P_HASH."""
_OVERFLOW_PAGE: Final = 7
_INLINE: Final = 1
"""H_KEYDATA: the value follows its type byte."""
_OFF_PAGE: Final = 3
"""H_OFFPAGE: page and length of a chain of overflow pages."""
_OFF_PAGE_BYTES: Final = 12
_COUNTER_BYTES: Final = 4
"""Key 0 holds rpm's highest package number, not a header."""


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    page_size: int
    order: str
    """``<`` or ``>``, as struct writes it."""
    taken: bytearray
    """One byte for each page: 1 if it is an overflow page that a value has already used."""

    def number(self, at: int) -> int:
        return int.from_bytes(self.data[at : at + 4], "little" if self.order == "<" else "big")

    def short(self, at: int) -> int:
        return int.from_bytes(self.data[at : at + 2], "little" if self.order == "<" else "big")


def blobs(data: bytes) -> Iterator[bytes | SensorError]:
    """Yield each package's header or a SensorError about it; raise SensorError if ``data`` is not a hash file."""
    file = _open(data)
    for page in range(file.page_size, len(data) - file.page_size + 1, file.page_size):
        if data[page + _TYPE_AT] in _HASH_PAGES:
            yield from _values(file, page)
    if len(data) % file.page_size:
        yield SensorError("Packages ends within a page")


def _open(data: bytes) -> _File:
    if len(data) < _PAGE_HEADER:
        raise SensorError("Packages is shorter than its first page")
    for order in ("<", ">"):
        magic, _, page_size = struct.unpack_from(f"{order}III", data, _MAGIC_AT)
        if magic == _HASH_MAGIC:
            if page_size not in _PAGE_SIZES or len(data) < page_size or data[_ENCRYPTION_AT]:
                raise SensorError("Packages has an impossible page size or is encrypted")
            return _File(data, page_size, order, bytearray(len(data) // page_size))
    raise SensorError("Packages is not a Berkeley DB hash file")


def _values(file: _File, page: int) -> Iterator[bytes | SensorError]:
    entries = file.short(page + _ENTRIES_AT)
    if _PAGE_HEADER + 2 * entries > file.page_size:
        yield SensorError(f"page at byte {page} counts more entries than it holds")
        return
    # Items grow down from the page's end: each ends at the start of the one before.
    offsets = [file.short(page + _PAGE_HEADER + 2 * index) for index in range(entries)]
    for index in range(1, entries, 2):
        start, end = offsets[index], offsets[index - 1]
        if not _PAGE_HEADER <= start < end <= file.page_size:
            yield SensorError(f"page at byte {page} has an item outside itself")
            continue
        value = _value(file, page + start, page + end)
        if isinstance(value, SensorError) or len(value) > _COUNTER_BYTES:
            yield value


def _value(file: _File, start: int, end: int) -> bytes | SensorError:
    kind = file.data[start]
    if kind == _INLINE:
        return file.data[start + 1 : end]
    if kind == _OFF_PAGE and end - start >= _OFF_PAGE_BYTES:
        return _chain(file, file.number(start + 4), file.number(start + 8))
    return SensorError(f"item at byte {start} is of unknown type {kind}")


def _chain(file: _File, page: int, length: int) -> bytes | SensorError:
    parts: list[bytes] = []
    have = 0
    if length > MAX_BLOB_BYTES:
        return SensorError(f"a value of {length} bytes is larger than a header can be")
    # A page belongs to one value, which also ends a circular chain.
    while have < length and page != 0:
        at = page * file.page_size
        if page >= len(file.taken) or file.taken[page] or file.data[at + _TYPE_AT] != _OVERFLOW_PAGE:
            return SensorError(f"overflow page {page} is missing or belongs to another value")
        file.taken[page] = 1
        used = min(file.short(at + _FREE_AT), file.page_size - _PAGE_HEADER, length - have)
        parts.append(file.data[at + _PAGE_HEADER : at + _PAGE_HEADER + used])
        have += used
        page = file.number(at + _NEXT_AT)
    return b"".join(parts) if have == length else SensorError(f"a value of {length} bytes ends after {have}")
