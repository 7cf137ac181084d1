"""Secrets that the service must read again, sealed for storage.

Format: length of the wrapped data key (2 bytes, big-endian), the wrapped data key, nonce (12 bytes), AES-256-GCM
ciphertext of the secret with tag. Each secret has its own data key, created under an encryption context that names the
owner. The owner's id is the additional data of the ciphertext, so a sealed secret does not open for another owner.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openinspector.model.errors import StoreError
from openinspector.service.ports.key_provider import KeyProvider
from openinspector.service.ports.wrapped_key_store import WrappedKind

_LENGTH_BYTES: Final = 2
_NONCE_BYTES: Final = 12
_SECRET_BYTES: Final = 32


class SealedSecretError(StoreError):
    """A sealed secret is damaged or belongs to another owner."""


class SecretBox:
    """Seals and opens the secrets of one ``kind`` of owner. Thread-safe."""

    def __init__(self, kind: WrappedKind, provider: KeyProvider, random: Callable[[int], bytes]) -> None:
        self._kind = kind
        self._provider = provider
        self._random = random

    def make(self) -> str:
        """Return a new secret of 256 random bits, in the characters of URL-safe base 64."""
        return urlsafe_b64encode(self._random(_SECRET_BYTES)).decode().rstrip("=")

    def seal(self, owner: str, secret: str) -> bytes:
        """Return the sealed secret; StoreError."""
        data_key = self._provider.generate({self._kind: owner})
        nonce = self._random(_NONCE_BYTES)
        sealed = AESGCM(data_key.plaintext).encrypt(nonce, secret.encode(), owner.encode())
        return _joined(data_key.wrapped, nonce, sealed)

    def open(self, owner: str, kept: bytes) -> str:
        """Return the secret; SealedSecretError, StoreError."""
        wrapped, nonce, sealed = _parts(owner, kept)
        try:
            key = self._provider.unwrap(wrapped, {self._kind: owner})
            return AESGCM(key).decrypt(nonce, sealed, owner.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealedSecretError(f"the secret of {owner} cannot be opened") from error


def rewrap(kind: WrappedKind, owner: str, kept: bytes, provider: KeyProvider) -> bytes | None:
    """Return a sealed secret with its data key under the current master key; None if it already is.

    Raises SealedSecretError and StoreError.
    """
    wrapped, nonce, sealed = _parts(owner, kept)
    moved = provider.rewrap(wrapped, {kind: owner})
    return None if moved is None else _joined(moved, nonce, sealed)


def _joined(wrapped: bytes, nonce: bytes, sealed: bytes) -> bytes:
    return len(wrapped).to_bytes(_LENGTH_BYTES, "big") + wrapped + nonce + sealed


def _parts(owner: str, kept: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a sealed secret into wrapped data key, nonce and ciphertext."""
    end = _LENGTH_BYTES + int.from_bytes(kept[:_LENGTH_BYTES], "big")
    wrapped, nonce, sealed = kept[_LENGTH_BYTES:end], kept[end : end + _NONCE_BYTES], kept[end + _NONCE_BYTES :]
    if not sealed:
        raise SealedSecretError(f"the secret of {owner} is truncated")
    return wrapped, nonce, sealed
