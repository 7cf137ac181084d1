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

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the plaintext key from the provider that wrapped it; KeyProviderError."""
        provider = self._previous if self._is_older(wrapped) else self._current
        return provider.unwrap(wrapped, context)

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Wrap an existing key with the current provider; KeyProviderError."""
        return self._current.wrap(plaintext, context)

    def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes | None:
        """Return the key wrapped by the current provider; None if it already is. KeyProviderError."""
        if self._is_older(wrapped):
            return self._current.wrap(self._previous.unwrap(wrapped, context), context)
        return self._current.rewrap(wrapped, context)

    def _is_older(self, wrapped: bytes) -> bool:
        return wrapped.startswith(self._mark)
