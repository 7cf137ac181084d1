"""Where data keys come from: a key-management service that alone can unwrap them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from openinspector.model.errors import StoreError


class KeyProviderError(StoreError):
    """A key that cannot be made or unwrapped: wrong context, foreign or damaged key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """A fresh key: 32 bytes in the clear for memory only, and the same wrapped for keeping."""

    plaintext: bytes = field(repr=False)
    wrapped: bytes


class KeyProvider(Protocol):
    """Makes and unwraps data keys, each bound to an encryption context."""

    def generate(self, context: Mapping[str, str]) -> DataKey:
        """Return a fresh 256-bit key bound to ``context``; KeyProviderError."""
        ...

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the key in the clear; KeyProviderError unless ``context`` is the one it was made with."""
        ...
