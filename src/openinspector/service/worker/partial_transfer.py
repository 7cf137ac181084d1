"""The received part of an interrupted transfer, and its continuation (RFC 9110, section 14: range requests).

A transfer continues only if a validator shows that the server still has the same file, and only without a content
coding: a compressed stream cannot be resumed in the middle.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import IO, Final, Self

import httpx
import msgspec

_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]+)-[0-9]+/(?:[0-9]+|\*)")
_BLOCK: Final = 1024 * 1024


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    """URL and validator of a kept part, beside it as JSON."""

    url: str
    validator: str


class Partial:
    """The beginning of one file, in a temporary file beside its destination."""

    def __init__(self, path: Path, taken: Path | None = None, validator: str = "") -> None:
        self._path = path
        self._temporary = taken
        self._validator = validator
        self._file: IO[bytes] | None = None
        self._digest = hashlib.sha256()
        self.size = taken.stat().st_size if taken is not None else 0

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the request for the rest; the server sends the whole file if it has changed."""
        return {"Range": f"bytes={self.size}-", "If-Range": self._validator, "Accept-Encoding": "identity"}

    @property
    def sha256(self) -> str:
        """SHA-256 of the received bytes, hexadecimal."""
        return self._digest.hexdigest()

    def goes_on_in(self, response: httpx.Response) -> bool:
        """Return True if a response contains the rest; otherwise delete the received part."""
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if response.status_code == httpx.codes.PARTIAL_CONTENT and found and int(found[1]) == self.size:
            return True
        self.discard()
        return False

    def open(self) -> Self:
        """Open the file for appending, and return this."""
        if self._temporary is None:
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix="partial-")
            self._temporary, self._file = Path(name), os.fdopen(handle, "wb")
            return self
        with self._temporary.open("rb") as kept:
            while block := kept.read(_BLOCK):
                self._digest.update(block)
        self._file = self._temporary.open("ab")
        return self

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        assert self._file is not None
        self._file.close()

    def write(self, chunk: bytes) -> None:
        """Append received bytes."""
        assert self._file is not None
        self._digest.update(chunk)
        self._file.write(chunk)
        self.size += len(chunk)

    def keep(self, url: str, response: httpx.Response) -> None:
        """Keep the received part for the next attempt if the server can send the rest of the same file."""
        etag = response.headers.get("ETag", "")
        # a weak validator does not promise the same bytes (RFC 9110, section 13.1.5)
        validator = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")
        if self._temporary is None or not self.size or not validator or "Content-Encoding" in response.headers:
            self.discard()
            return
        self._validator = validator
        self.put_back(url)

    def put_back(self, url: str) -> None:
        """Leave the received part to the next attempt; no effect if it was discarded or finished."""
        if self._temporary is not None:
            _note(self._path).write_bytes(msgspec.json.encode(_Note(url=url, validator=self._validator)))
            self._temporary.replace(_kept(self._path))
            self._temporary = None

    def discard(self) -> None:
        """Delete the received part."""
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None

    def move_to(self, path: Path) -> None:
        """Move the complete file to its destination."""
        assert self._temporary is not None
        self._temporary.replace(path)
        self._temporary = None


def take_partial(path: Path, url: str) -> Partial | None:
    """Return the part that an earlier transfer of ``url`` to ``path`` left; None if there is none."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix="partial-")
    os.close(handle)
    try:
        note = msgspec.json.decode(_note(path).read_bytes(), type=_Note)
        _kept(path).replace(name)  # whoever renames it has it
    except (OSError, msgspec.MsgspecError):
        Path(name).unlink()
        return None
    _note(path).unlink(missing_ok=True)
    if note.url != url:
        Path(name).unlink()
        return None
    return Partial(path, Path(name), note.validator)


def _kept(path: Path) -> Path:
    return path.with_suffix(".partial")


def _note(path: Path) -> Path:
    return path.with_suffix(".partial.json")
