"""Store of the secrets that all nodes of an installation share, sealed by the key provider."""

from datetime import datetime
from typing import Protocol


class SharedSecretStore(Protocol):
    """Stores sealed secrets by name. A secret never changes; `MasterKeyMove` may change the key that wraps it."""

    def get(self, name: str) -> bytes | None:
        """Return the sealed secret; None if no node has made it yet."""
        ...

    def add(self, name: str, sealed: bytes, made_at: datetime) -> bytes:
        """Store a sealed secret unless ``name`` has one; return the one that is stored."""
        ...
