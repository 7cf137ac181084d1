"""Store of API users' access keys."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from openinspector.model.errors import StoreError


class TooManyKeysError(StoreError):
    """A user has two access keys already (F2.12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """An access key of a user. The secret is stored wrapped by the key provider, never in plaintext."""

    id: str
    """20 characters, beginning with ``AKIA``."""
    user: str
    wrapped_secret: bytes = field(repr=False)
    actions: tuple[str, ...]
    """Permitted actions: ``inspector:*``, ``inspector:List*`` (F2.3)."""
    created_at: datetime


class AccessKeyStore(Protocol):
    """Stores access keys."""

    def add(self, key: AccessKey) -> None:
        """Add a key; TooManyKeysError if its user has two."""
        ...

    def get(self, key_id: str) -> AccessKey | None:
        """Return a key, or None."""
        ...

    def list_all(self) -> Sequence[AccessKey]:
        """Return all keys, by user and id."""
        ...

    def delete(self, key_id: str) -> bool:
        """Delete a key; return True if it existed."""
        ...
