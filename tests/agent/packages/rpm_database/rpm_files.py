"""Writes rpm headers and databases, independently of the readers: the formats' other half."""

import sqlite3
import struct
from collections.abc import Mapping, Sequence
from contextlib import closing

STRING, STRING_ARRAY, INT32 = 6, 8, 4
Tags = Mapping[int, str | int | list[str] | list[int]]


def header(tags: Tags) -> bytes:
    """An rpm header blob of ``tags``."""
    index, data = b"", b""
    for tag, value in sorted(tags.items()):
        values = value if isinstance(value, list) else [value]
        if isinstance(values[0], int):
            data += b"\0" * (-len(data) % 4)
            kind, content = INT32, struct.pack(f">{len(values)}I", *values)
        else:
            kind = STRING_ARRAY if isinstance(value, list) else STRING
            content = b"".join(str(text).encode() + b"\0" for text in values)
        index += struct.pack(">IIII", tag, kind, len(data), len(values))
        data += content
    return struct.pack(">II", len(tags), len(data)) + index + data


def ndb(blobs: Sequence[bytes]) -> bytes:
    """A Packages.db: slot pages, then the blobs on 16-byte blocks; the second slot is free."""
    pages = (48 + 16 * len(blobs)) // 4096 + 1
    slots, body = [b"Slot" + bytes(12)], b""
    for number, blob in enumerate(blobs, start=1):
        block = (4096 * pages + len(body)) // 16
        entry = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + blob
        entry += bytes(-len(entry) % 16)
        slots.append(struct.pack("<4sIII", b"Slot", number, block, len(entry) // 16))
        body += entry
    head = struct.pack("<4sIIIIIII", b"RpmP", 0, 1, pages, len(blobs) + 1, 0, 0, 0) + b"".join(slots)
    return head + b"Slot".ljust(16, b"\0") * ((4096 * pages - len(head)) // 16) + body


def bdb(blobs: Sequence[bytes], order: str = "<", page_size: int = 512) -> bytes:
    """A Berkeley DB hash file: each package on a hash page of its own, large ones in overflow pages behind them all."""
    pages = [_hash_page(order, page_size, 0, b"\1" + struct.pack(f"{order}I", len(blobs)))]
    overflow: list[bytes] = []
    for number, blob in enumerate(blobs, start=1):
        value = b"\1" + blob
        if len(blob) >= page_size // 2:
            first = 2 + len(blobs) + len(overflow)
            value = b"\3\0\0\0" + struct.pack(f"{order}II", first, len(blob))
            overflow += _overflow_pages(order, page_size, first, blob)
        pages.append(_hash_page(order, page_size, number, value))
    last_page = len(pages) + len(overflow)
    meta = struct.pack(f"{order}QIIII", 0, 0, 0x061561, 9, page_size) + b"\0\x08\0\0"
    meta += struct.pack(f"{order}II", 0, last_page)
    # Bucket b is on page b + spares[log2(b + 1)]; so every one is on the next page.
    meta = meta.ljust(72, b"\0") + struct.pack(f"{order}6I", len(blobs), 0, 0, 0, len(pages), 0)
    meta += struct.pack(f"{order}I", 1) * 32
    return meta.ljust(page_size, b"\0") + b"".join(pages + overflow)


def _overflow_pages(order: str, page_size: int, first: int, blob: bytes) -> list[bytes]:
    room = page_size - 26
    parts = [blob[at : at + room] for at in range(0, len(blob), room)]
    pages = []
    for number, part in enumerate(parts, start=first):
        following = number + 1 if number + 1 < first + len(parts) else 0
        head = struct.pack(f"{order}QIIIHHBB", 0, number, 0, following, 1, len(part), 0, 7)
        pages.append((head + part).ljust(page_size, b"\0"))
    return pages


def _hash_page(order: str, page_size: int, number: int, value: bytes) -> bytes:
    """The page of one package, which stands on the page after its own number."""
    stored = b"\1" + struct.pack(f"{order}I", number)
    key_at = page_size - len(stored)
    value_at = key_at - len(value)
    head = struct.pack(f"{order}QIIIHHBBHH", 0, number + 1, 0, 0, 2, value_at, 0, 13, key_at, value_at)
    return head.ljust(value_at, b"\0") + value + stored


def sqlite(blobs: Sequence[bytes]) -> bytes:
    """An rpmdb.sqlite."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
        connection.commit()
        return connection.serialize()
