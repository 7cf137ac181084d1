"""Metadata in zipped Python packages: eggs, and wheels that are imported without being unpacked.

Formats: setuptools, "The Internal Structure of Python Eggs"; packaging.python.org, "Binary distribution format".
"""

import io
import re
import struct
import zipfile
import zlib
from typing import Final

MAX_ARCHIVE_BYTES: Final = 32 * 1024 * 1024
MAX_DIRECTORY_BYTES: Final = 2 * 1024 * 1024
"""Limit on the archive's directory, which is held in memory as objects many times its size."""
MAX_METADATA_BYTES: Final = 1024 * 1024
_METADATA: Final = re.compile(r"EGG-INFO/PKG-INFO|[^/]+\.dist-info/METADATA")
_END: Final = struct.Struct("<4s8xI")
"""End of central directory: its signature, and the size of the directory."""
_END_SIGNATURE: Final = b"PK\5\6"
_ZIP64_LOCATOR: Final = b"PK\6\7"
_ZIP64_LOCATOR_BYTES: Final = 20
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,  # an unknown compression
    RuntimeError,  # encrypted
    ValueError,
    OverflowError,
    OSError,
)


class PythonArchiveError(ValueError):
    """A file that is not a zipped package, or is too large to be read; the text says why, as a predicate."""


def read_metadata(data: bytes) -> bytes:
    """Return the core metadata in an egg or wheel; raise PythonArchiveError."""
    _check_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                if _METADATA.fullmatch(name):
                    with archive.open(name) as metadata:
                        return metadata.read(MAX_METADATA_BYTES)
    except _UNREADABLE as error:
        raise PythonArchiveError("is not a readable zip archive") from error
    raise PythonArchiveError("has no package metadata")


def _check_directory(data: bytes) -> None:
    at = data.rfind(_END_SIGNATURE)
    if at < 0 or len(data) < at + _END.size:
        raise PythonArchiveError("is not a zip archive")
    _, size = _END.unpack_from(data, at)
    if size > MAX_DIRECTORY_BYTES or data[max(0, at - _ZIP64_LOCATOR_BYTES) : at].startswith(_ZIP64_LOCATOR):
        raise PythonArchiveError("has too large a directory")
