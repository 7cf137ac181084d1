"""Where sealed telemetry and reports are kept as named bytes."""

from collections.abc import Iterator
from typing import Protocol

from openinspector.model.errors import StoreError


class ObjectMissingError(StoreError):
    """No object has that name."""


class ObjectStore(Protocol):
    """Named bytes. Names are ``/``-separated and relative."""

    def put(self, name: str, content: bytes) -> None:
        """Store ``content`` under ``name``, whole or not at all; replaces what was there."""
        ...

    def get(self, name: str) -> bytes:
        """Return an object's content; ObjectMissingError."""
        ...

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin with the folder ``prefix``."""
        ...

    def delete(self, name: str) -> None:
        """Delete an object; nothing where it is not there."""
        ...
