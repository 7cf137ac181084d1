"""Store of sealed telemetry and reports as named objects."""

from collections.abc import Iterator
from typing import Protocol

from openinspector.model.errors import StoreError


class ObjectMissingError(StoreError):
    """No object has that name."""


class ObjectStore(Protocol):
    """Named bytes. Names are ``/``-separated and relative."""

    def put(self, name: str, content: bytes) -> None:
        """Store ``content`` under ``name``, atomically; replace an existing object."""
        ...

    def get(self, name: str) -> bytes:
        """Return an object's content; ObjectMissingError."""
        ...

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin with the folder ``prefix``."""
        ...

    def delete(self, name: str) -> None:
        """Delete an object; no effect if it does not exist."""
        ...
