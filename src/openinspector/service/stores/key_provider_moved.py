"""Two key providers during a move: new data keys come from one, older ones are still opened by the other."""

from collections.abc import Mapping

from openinspector.service.ports.key_provider import DataKey, KeyProvider


class MovedKeyProvider:
    """Wraps with ``current``; opens what begins with ``mark`` with ``previous``."""

    def __init__(self, current: KeyProvider, previous: KeyProvider, mark: bytes) -> None:
        self._current = current
        self._previous = previous
        self._mark = mark

    def generate(self, context: Mapping[str, str]) -> DataKey:
        """Return a fresh key of the current provider; KeyProviderError."""
        return self._current.generate(context)

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Return a key wrapped by the current provider; KeyProviderError."""
        return self._current.wrap(plaintext, context)

    def is_current(self, wrapped: bytes) -> bool:
        """Return True if the current provider wrapped the key under its current master key."""
        return not wrapped.startswith(self._mark) and self._current.is_current(wrapped)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the plaintext key from the provider that wrapped it; KeyProviderError."""
        provider = self._previous if wrapped.startswith(self._mark) else self._current
        return provider.unwrap(wrapped, context)
