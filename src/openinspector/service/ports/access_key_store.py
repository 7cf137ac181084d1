"""Where the API's users and their access keys are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from openinspector.model.errors import StoreError


class TooManyKeysError(StoreError):
    """A user has two access keys already (F2.12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """An access key of a user. The secret is kept wrapped by the key provider, never in the clear."""

    id: str
    """``AKIA`` or like, 20 characters."""
    user: str
    wrapped_secret: bytes = field(repr=False)
    actions: tuple[str, ...]
    """What it may do: ``inspector:*``, ``inspector:List*`` (F2.3)."""
    created_at: datetime


class AccessKeyStore(Protocol):
    """Keeps access keys."""

    def add(self, key: AccessKey) -> None:
        """Add a key; TooManyKeysError where its user has two."""
        ...

    def get(self, key_id: str) -> AccessKey | None:
        """Return a key, or None."""
        ...

    def list_all(self) -> Sequence[AccessKey]:
        """Return all keys, by user and id."""
        ...

    def delete(self, key_id: str) -> bool:
        """Delete a key; says whether it was there."""
        ...
