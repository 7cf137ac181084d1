"""Key management: creates data keys, unwraps them and moves them to another master key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from openinspector.model.errors import StoreError


class KeyProviderError(StoreError):
    """A key cannot be created or unwrapped: wrong context, foreign or damaged key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """A new key: 32 bytes of plaintext for use in memory, and the same key wrapped for storage."""

    plaintext: bytes = field(repr=False)
    wrapped: bytes


class KeyProvider(Protocol):
    """Creates, wraps and unwraps data keys, each bound to an encryption context."""

    def generate(self, context: Mapping[str, str]) -> DataKey:
        """Return a fresh 256-bit key bound to ``context``; KeyProviderError."""
        ...

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the plaintext key; KeyProviderError unless ``context`` is the one it was created with."""
        ...

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Wrap an existing 256-bit key under the current master key; KeyProviderError."""
        ...

    def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes | None:
        """Return the key wrapped under the current master key; None if it already is. KeyProviderError as `unwrap`."""
        ...
