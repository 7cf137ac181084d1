"""Objects in any backend of obstore: a local folder, S3, Google Cloud Storage or Azure; chosen by URL.

A local folder (``file:///…``) is created with mode 0700. Objects are renamed into place and synced to disk before `put`
returns, because a receipt promises that the telemetry is stored. Credentials come from the environment, in the
variables of the provider's own tools.
"""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url
from obstore.store import ObjectStore as Backend

from openinspector.model.errors import StoreError
from openinspector.service.ports.object_store import ObjectMissingError

SCHEMES: Final = ("file", "s3", "gs", "az", "memory")
MAX_NAME_LENGTH: Final = 512
_RETRY_TIMEOUT: Final = timedelta(seconds=30)
_SEGMENT: Final = r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*"
_NAME: Final = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")


class ObstoreObjectStore:
    """Named bytes in one obstore store."""

    def __init__(self, backend: Backend, folder: Path | None = None) -> None:
        self._backend = backend
        self._folder = folder
        """Folder of a local store; None for others."""

    @classmethod
    def from_url(cls, url: str) -> "ObstoreObjectStore":
        """Open the store at ``url``; StoreError if that fails."""
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or "@" in parts.netloc:
            # obstore's error contains the whole URL, including secrets: refuse the same URLs here.
            raise StoreError(
                f"not the URL of an object store: {parts.scheme}://{parts.hostname or ''}{parts.path}",
                advice=f"Use one of {', '.join(SCHEMES)} and give credentials in the environment.",
            )
        try:
            if parts.scheme != "file":
                return cls(from_url(url) if parts.scheme == "memory" else _open_remote(url))
            if parts.netloc not in ("", "localhost"):
                raise StoreError(f"{url} names a host", advice="A folder is written file:///absolute/path.")
            folder = Path(unquote(parts.path))
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            return cls(LocalStore(folder, automatic_cleanup=True), folder)
        except (BaseError, OSError, ValueError) as refused:
            raise StoreError(
                f"the object store {parts.scheme}://{parts.hostname or ''}{parts.path} cannot be opened: "
                f"{_first_line(refused)}",
                advice="Check OPENINSPECTOR_OBJECT_URL and the provider's credentials.",
            ) from refused

    def put(self, name: str, content: bytes) -> None:
        """Store ``content`` under ``name``, atomically."""
        path = _checked(name)
        try:
            obstore.put(self._backend, path, content, use_multipart=False)
            if self._folder is not None:
                _sync(self._folder / path, self._folder)
        except (BaseError, OSError, ValueError) as refused:
            raise StoreError(f"object {name} cannot be stored: {_first_line(refused)}") from refused

    def get(self, name: str) -> bytes:
        """Return an object's content; ObjectMissingError."""
        path = _checked(name)
        try:
            return bytes(obstore.get(self._backend, path).bytes())
        except FileNotFoundError as missing:
            raise ObjectMissingError(f"there is no object {name}") from missing
        except (BaseError, OSError, ValueError) as refused:
            raise StoreError(f"object {name} cannot be read: {_first_line(refused)}") from refused

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names of the objects below the folder ``prefix``; of all objects if it is empty."""
        folder = _checked(prefix.rstrip("/")) if prefix else None
        try:
            for page in obstore.list(self._backend, folder):
                yield from (found["path"] for found in page)
        except (BaseError, OSError, ValueError) as refused:
            raise StoreError(f"objects below {prefix!r} cannot be listed: {_first_line(refused)}") from refused

    def delete(self, name: str) -> None:
        """Delete an object; no effect if it does not exist."""
        path = _checked(name)
        try:
            obstore.delete(self._backend, path)
        except FileNotFoundError:
            return
        except (BaseError, OSError, ValueError) as refused:
            raise StoreError(f"object {name} cannot be deleted: {_first_line(refused)}") from refused


def _open_remote(url: str) -> Backend:
    # Options replace the provider's variables for the client.
    unencrypted = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
    return from_url(
        url,
        client_options={"connect_timeout": "5s", "timeout": "20s", "allow_http": unencrypted},
        retry_config={
            "max_retries": 3,
            "retry_timeout": _RETRY_TIMEOUT,
            "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=2), "base": 2},
        },
    )


def _checked(name: str) -> str:
    if len(name) > MAX_NAME_LENGTH or _NAME.fullmatch(name) is None:
        raise StoreError(f"not a name for an object: {name[:MAX_NAME_LENGTH]!r}")
    return name


def _sync(path: Path, top: Path) -> None:
    """Flush a file and the folders above it: a rename is durable once its folder is."""
    folders = [folder for folder in path.parents if folder == top or top in folder.parents]
    for target in (path, *folders):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0] or type(error).__name__
