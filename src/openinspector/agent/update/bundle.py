"""Unpacks a bundle: plain files and folders only, below one folder, bounded in bytes and number, synced to disk."""

import gzip
import io
import os
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Final

from openinspector.agent.files.atomic_file import sync_folder
from openinspector.agent.files.open_flags import PRIVATE_FILE
from openinspector.agent.operation.update_outcome import UpdateCode, UpdateError

MAX_BYTES: Final = 512 * 2**20
"""Limit on the unpacked size."""
MAX_FILES: Final = 20_000
MAX_NAME: Final = 1024
_PART: Final = 1024 * 1024
_FILE: Final = 0o644
_PROGRAM: Final = 0o755


def unpack(bundle: Path, folder: Path, max_bytes: int = MAX_BYTES) -> None:
    """Unpack a tar.gz into an empty folder. Raises UpdateError for unexpected content, and OSError of the disk."""
    folders = {folder}
    try:
        with bundle.open("rb") as packed, gzip.GzipFile(fileobj=packed) as opened:
            bounded = io.BufferedReader(_Bounded(opened, max_bytes), _PART)
            with tarfile.open(fileobj=bounded, mode="r|", bufsize=_PART) as archive:
                for number, member in enumerate(archive):
                    if number >= MAX_FILES:
                        raise _refused(f"holds more than {MAX_FILES} files")
                    folders |= _unpack_member(archive, member, folder)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError, RecursionError) as error:
        raise _refused(f"is not a tar.gz: {error}") from error
    for made in folders:
        sync_folder(made)


def _unpack_member(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> set[Path]:
    path = folder / _safe(member.name)
    if member.isdir():
        path.mkdir(mode=_PROGRAM, parents=True, exist_ok=True)
    elif member.isreg() and not member.issparse():
        path.parent.mkdir(mode=_PROGRAM, parents=True, exist_ok=True)
        content = archive.extractfile(member)
        assert content is not None
        _write(path, content, _PROGRAM if member.mode & 0o100 else _FILE)
    else:
        raise _refused(f"holds {member.name[:MAX_NAME]!r}, which is neither file nor folder")
    return {path if member.isdir() else path.parent, *(above for above in path.parents if folder in above.parents)}


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if len(name) > MAX_NAME or path.is_absolute() or ".." in path.parts or "\0" in name:
        raise _refused(f"holds a name that leads out of it: {name[:MAX_NAME]!r}")
    return path


def _write(path: Path, content: IO[bytes], mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | PRIVATE_FILE, mode)
    except FileExistsError as error:
        raise _refused(f"holds {path.name!r} twice") from error
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        while part := content.read(_PART):
            file.write(part)
        file.flush()
        os.fsync(descriptor)


class _Bounded(io.RawIOBase):
    """Reads at most a given number of decompressed bytes, regardless of the archive's headers."""

    def __init__(self, source: gzip.GzipFile, limit: int) -> None:
        self._source = source
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # a buffer, which typeshed has no name for in 3.11
        found = self._source.read(len(view))
        self._left -= len(found)
        if self._left < 0:
            raise _refused("unpacks to more than it may")
        view[: len(found)] = found
        return len(found)


def _refused(what: str) -> UpdateError:
    return UpdateError(UpdateCode.PACKAGE_INSTALLATION_ERROR, f"the bundle {what}")
