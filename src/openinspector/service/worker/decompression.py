"""Decompressing streams, and streams with a limit."""

import bz2
import gzip
import io
import lzma
import zlib
from typing import IO, Final, Protocol

import zstandard

BROKEN: Final = (lzma.LZMAError, zlib.error, zstandard.ZstdError, EOFError, OSError, ValueError, OverflowError)
"""Exceptions raised by a damaged or hostile stream."""

_MAGIC: Final = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
_LARGEST_WINDOW: Final = 2**27


class Readable(Protocol):
    """The part of a stream that is used here."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end."""
        ...


class BoundedStream(io.RawIOBase):
    """At most ``length`` bytes of a stream; if there is more, it ends, or raises ValueError if ``strict``."""

    def __init__(self, stream: Readable, length: int, *, strict: bool = False) -> None:
        super().__init__()
        self._stream, self._left, self._strict = stream, length, strict

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read into ``buffer``; return the number of bytes."""
        view = memoryview(buffer)  # type: ignore[arg-type]  # Buffer has no name in Python 3.11
        data = self._stream.read(len(view) if self._strict else min(len(view), self._left))
        if len(data) > self._left:
            raise ValueError("unpacks to more than it may")
        self._left -= len(data)
        view[: len(data)] = data
        return len(data)


def compression_of(first: bytes) -> str:
    """Return the suffix for the compression of a file's first bytes: ``.gz``; empty if it is not compressed."""
    return next((ending for magic, ending in _MAGIC.items() if first.startswith(magic)), "")


def decompressed(stream: IO[bytes], ending: str) -> Readable:
    """Return the decompressed ``stream``; ValueError for the suffix of an unknown compression."""
    match ending:
        case "":
            return stream
        case ".gz":
            return gzip.GzipFile(fileobj=stream)
        case ".bz2":
            return bz2.BZ2File(stream)
        case ".xz" | ".lzma":
            return lzma.LZMAFile(stream)
        case ".zst":
            return zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).stream_reader(stream)
    raise ValueError(f"{ending}: unknown compression")
