"""Turns fetched files into plain documents: decompressed, archives taken apart, within bounds.

The first bytes of a file give its type. A document's name loses the suffix of its compression; members of an archive
are named ``<archive without suffix>/<path in it>``. A decompression bomb raises FeedError before memory runs out.
"""

import io
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, Final

from openinspector.feed import Document, Source
from openinspector.model.errors import FeedError
from openinspector.service.worker.decompression import (
    BROKEN,
    BoundedStream,
    Readable,
    compression_of,
    decompressed,
)

_ZIP: Final = b"PK\x03\x04"
_ENDINGS: Final = (".gz", ".bz2", ".xz", ".zst", ".tar", ".tgz", ".zip")
_TAR_MARK: Final = slice(257, 262)
_BLOCK: Final = 512
_TAR_SLACK: Final = 1024 * 1024 * 1024
"""Maximum size of a tar's headers and padding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits on the expansion of one fetched file."""

    document_bytes: int = 512 * 1024 * 1024
    total_bytes: int = 4 * 1024 * 1024 * 1024
    members: int = 1_000_000


class _Budget:
    """The remaining limits while a file is expanded."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._bytes, self._members = bounds.total_bytes, bounds.members

    def read(self, stream: Readable) -> bytes:
        """Return all of ``stream`` as one document."""
        allowed = min(self.bounds.document_bytes, self._bytes)
        content = stream.read(allowed + 1)
        self._members -= 1
        if len(content) > allowed or self._members < 0:
            raise ValueError("unpacks to more than a feed may hold")
        self._bytes -= len(content)
        return content


def expand(source: Source, path: Path, bounds: Bounds | None = None) -> Iterator[Document]:
    """Yield the documents in the file at ``path``; FeedError if it is damaged or unpacks to too much."""
    budget = _Budget(bounds or Bounds())
    try:
        with path.open("rb") as file:
            first = file.read(_BLOCK)
            file.seek(0)
            if first.startswith(_ZIP):
                yield from _zip_members(source, file, budget)
            else:
                yield from _stream(source, file, first, budget)
    except (*BROKEN, tarfile.TarError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise FeedError(
            f"{source.name} cannot be unpacked: {error}",
            advice="Fetch it again; if that does not help, the source is broken.",
        ) from error


def plain_name(name: str) -> str:
    """Return ``name`` without suffixes of archives and compression."""
    while name.endswith(_ENDINGS):
        name = name[: name.rindex(".")]
    return name


def _stream(source: Source, file: IO[bytes], first: bytes, budget: _Budget) -> Iterator[Document]:
    ending = compression_of(first)
    largest = budget.bounds.total_bytes + _TAR_SLACK
    plain = io.BufferedReader(BoundedStream(decompressed(file, ending), largest, strict=True))
    if _is_tar(plain.peek(_BLOCK)[:_BLOCK]):
        yield from _tar_members(source, plain, budget)
    else:
        name = plain_name(source.name) if ending else source.name
        yield Document(source=replace(source, name=name), content=budget.read(plain))


def _is_tar(first: bytes) -> bool:
    return first[_TAR_MARK] == b"ustar"


def _tar_members(source: Source, stream: IO[bytes], budget: _Budget) -> Iterator[Document]:
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            tar.members = []  # type: ignore[attr-defined]  # a stream's members are not needed again
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                yield _member(source, member.name, budget.read(content))


def _zip_members(source: Source, file: IO[bytes], budget: _Budget) -> Iterator[Document]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if not info.filename.endswith("/"):
                with archive.open(info) as content:
                    yield _member(source, info.filename, budget.read(content))


def _member(source: Source, name: str, content: bytes) -> Document:
    inner = "/".join(part for part in PurePosixPath(name).parts if part not in ("/", "..", "."))
    return Document(source=replace(source, name=f"{plain_name(source.name)}/{inner}"), content=content)
