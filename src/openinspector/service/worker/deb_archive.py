"""Reads the changelog inside a .deb (deb(5)): an ar archive whose ``data.tar`` member holds the package's files.

The Debian changelog is ``usr/share/doc/<package>/changelog.Debian.gz``, in a native package ``changelog.gz`` (Debian
Policy 12.7). The folder, or the file, may be a link to that of another package of the same source.
Everything is bounded: a .deb from an archive without a verified signature may contain anything.
"""

import gzip
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from openinspector.model.errors import FeedError
from openinspector.service.worker.decompression import BROKEN, BoundedStream, decompressed

MAX_CHANGELOG: Final = 32 * 1024 * 1024
MAX_UNPACKED: Final = 3 * 1024 * 1024 * 1024
_MAGIC: Final = b"!<arch>\n"
_HEADER: Final = 60
_DOCUMENTATION: Final = PurePosixPath("usr/share/doc")


class DebError(FeedError):
    """A file that is not a .deb or is damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changelog:
    """A changelog, decompressed."""

    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedTo:
    """The changelog is in another package."""

    package: str


def read_changelog(deb: Path, package: str) -> Changelog | LinkedTo | None:
    """Return the changelog of ``package`` in its ``deb``, the package that has it, or None; raises DebError."""
    try:
        with deb.open("rb") as file:
            name, length = _data_member(file)
            member = io.BufferedReader(BoundedStream(file, length))
            plain = BoundedStream(decompressed(member, name.removeprefix("data.tar")), MAX_UNPACKED, strict=True)
            with tarfile.open(fileobj=io.BufferedReader(plain), mode="r|") as tar:
                return _find(tar, package)
    except (*BROKEN, tarfile.TarError) as error:
        raise DebError(f"{deb.name} is not a .deb that can be read: {error}") from error


def _data_member(file: IO[bytes]) -> tuple[str, int]:
    """Go to the data member of an ar archive; returns its name and length."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise DebError("no ar archive")
    while header := file.read(_HEADER):
        if len(header) < _HEADER or header[58:] != b"`\n":
            raise ValueError("a member's header is damaged")
        name, length = header[:16].decode("ascii", "replace").strip().rstrip("/"), int(header[48:58])
        if length < 0:
            raise ValueError("a member's length is negative")
        if name.startswith("data.tar"):
            return name, length
        file.seek(length + length % 2, io.SEEK_CUR)
    raise ValueError("no data member")


def _find(tar: tarfile.TarFile, package: str) -> Changelog | LinkedTo | None:
    """Return the Debian changelog; ``changelog.gz`` only if there is no ``changelog.Debian.gz``."""
    native: Changelog | LinkedTo | None = None
    for path, member in _members(tar):
        if path == _DOCUMENTATION / package and member.issym():
            return _link(path, member)
        if path.parent != _DOCUMENTATION / package or not path.name.startswith("changelog"):
            continue
        if path.name in ("changelog.Debian.gz", "changelog.Debian"):
            return _content(tar, path, member)
        if path.name in ("changelog.gz", "changelog"):
            native = _content(tar, path, member)
    return native


def _members(tar: tarfile.TarFile) -> Iterator[tuple[PurePosixPath, tarfile.TarInfo]]:
    for member in tar:
        tar.members = []  # type: ignore[attr-defined]  # a stream's members are not needed again
        yield PurePosixPath(member.name.removeprefix("./")), member


def _content(tar: tarfile.TarFile, path: PurePosixPath, member: tarfile.TarInfo) -> Changelog | LinkedTo | None:
    if member.issym() or member.islnk():
        return _link(path, member)
    stream = tar.extractfile(member) if member.isfile() else None
    if stream is None:
        return None
    with gzip.GzipFile(fileobj=stream) if path.suffix == ".gz" else stream as text:
        content = text.read(MAX_CHANGELOG + 1)
    if len(content) > MAX_CHANGELOG:
        raise ValueError(f"{path} is larger than {MAX_CHANGELOG} bytes")
    return Changelog(content=content)


def _link(path: PurePosixPath, member: tarfile.TarInfo) -> LinkedTo | None:
    """Return the package whose documentation a link leads to: the folder's name, or the folder of the file's."""
    target = PurePosixPath(member.linkname)
    name = target.name if path.parent == _DOCUMENTATION else target.parent.name
    return LinkedTo(package=name) if name not in ("", ".", "..") else None
