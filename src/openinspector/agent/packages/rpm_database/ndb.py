"""rpm's own ``ndb`` back end (``Packages.db``): slots that point to blobs (rpm, lib/backend/ndb/rpmpkg.c).

Little endian. Page 0 begins with a 32-byte header; its slot pages hold 16-byte slots (magic, package, block, blocks);
a block is 16 bytes; a blob is a 16-byte head (magic, package, generation, length) and the rpm header.
"""

import struct
from collections.abc import Iterator
from typing import Final

from openinspector.agent.packages.rpm_database.header import MAX_BLOB_BYTES
from openinspector.model.errors import SensorError

_HEADER: Final = struct.Struct("<4sIII")
"""Magic, version, generation, number of slot pages."""
_SLOT: Final = struct.Struct("<4sIII")
_BLOB: Final = struct.Struct("<4sIII")
_HEADER_BYTES: Final = 32
_PAGE: Final = 4096
_BLOCK: Final = 16


def blobs(data: bytes) -> Iterator[bytes | SensorError]:
    """Yield each package's header or a SensorError about it; raise SensorError if ``data`` is not an ndb file."""
    if len(data) < _HEADER_BYTES:
        raise SensorError("Packages.db is shorter than its header")
    magic, version, _, slot_pages = _HEADER.unpack_from(data)
    if magic != b"RpmP" or version != 0:
        raise SensorError("Packages.db is not rpm's ndb format, version 0")
    end = min(slot_pages * _PAGE, len(data))
    for at in range(_HEADER_BYTES, end - _SLOT.size + 1, _SLOT.size):
        slot, package, block, _ = _SLOT.unpack_from(data, at)
        if slot != b"Slot":
            yield SensorError(f"slot at byte {at} has no magic")
            return
        if block:
            yield _blob(data, package, block * _BLOCK)
    if slot_pages * _PAGE > len(data):
        yield SensorError("Packages.db ends within its slots")


def _blob(data: bytes, package: int, at: int) -> bytes | SensorError:
    if at + _BLOB.size > len(data):
        return SensorError(f"package {package} lies beyond the end of Packages.db")
    magic, number, _, length = _BLOB.unpack_from(data, at)
    start = at + _BLOB.size
    if magic != b"BlbS" or number != package or start + length > len(data) or length > MAX_BLOB_BYTES:
        return SensorError(f"package {package} is damaged")
    return data[start : start + length]
