"""The access key store's simulator: the whole port, in memory."""

import threading
from collections.abc import Sequence
from typing import Final

from openinspector.model.errors import StoreError
from openinspector.service.ports.access_key_store import AccessKey, TooManyKeysError

MAX_KEYS: Final = 2


class MemoryAccessKeyStore:
    """Stores everything in a dictionary; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._keys: dict[str, AccessKey] = {}

    def add(self, key: AccessKey) -> None:
        """Add a key; TooManyKeysError if its user has two."""
        with self._lock:
            if key.id in self._keys:
                raise StoreError(f"there is an access key {key.id} already")
            if sum(held.user == key.user for held in self._keys.values()) >= MAX_KEYS:
                raise TooManyKeysError(f"user {key.user!r} has two access keys already", advice="Delete one first.")
            self._keys[key.id] = key

    def get(self, key_id: str) -> AccessKey | None:
        """Return a key, or None."""
        with self._lock:
            return self._keys.get(key_id)

    def list_all(self) -> Sequence[AccessKey]:
        """Return all keys, by user and id."""
        with self._lock:
            return sorted(self._keys.values(), key=lambda key: (key.user, key.id))

    def delete(self, key_id: str) -> bool:
        """Delete a key; return True if it existed."""
        with self._lock:
            return self._keys.pop(key_id, None) is not None
