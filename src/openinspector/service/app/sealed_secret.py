"""Secrets the service must be able to read again, sealed for keeping.

What is kept is the wrapped data key's length (2 bytes, big-endian), the wrapped data key, nonce (12), AES-256-GCM
ciphertext of the secret with tag. The data key is made for this one secret under an encryption context that names its
owner; the ciphertext's additional data are the owner's id, so no sealed secret opens as another owner's.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openinspector.model.errors import StoreError
from openinspector.service.ports.key_provider import KeyProvider

_LENGTH_BYTES: Final = 2
_NONCE_BYTES: Final = 12
_SECRET_BYTES: Final = 32


class SealedSecretError(StoreError):
    """A sealed secret that is damaged, or another owner's."""


class SecretBox:
    """Seals and opens the secrets of one ``kind`` of owner. Thread-safe."""

    def __init__(self, kind: str, provider: KeyProvider, random: Callable[[int], bytes]) -> None:
        self._kind = kind
        self._provider = provider
        self._random = random

    def make(self) -> str:
        """Return a new secret of 256 random bits, in the characters of URL-safe base 64."""
        return urlsafe_b64encode(self._random(_SECRET_BYTES)).decode().rstrip("=")

    def seal(self, owner: str, secret: str) -> bytes:
        """Return the secret as it is kept; StoreError."""
        data_key = self._provider.generate({self._kind: owner})
        nonce = self._random(_NONCE_BYTES)
        sealed = AESGCM(data_key.plaintext).encrypt(nonce, secret.encode(), owner.encode())
        return len(data_key.wrapped).to_bytes(_LENGTH_BYTES, "big") + data_key.wrapped + nonce + sealed

    def open(self, owner: str, kept: bytes) -> str:
        """Return the secret; SealedSecretError, StoreError."""
        end = _LENGTH_BYTES + int.from_bytes(kept[:_LENGTH_BYTES], "big")
        wrapped, nonce, sealed = kept[_LENGTH_BYTES:end], kept[end : end + _NONCE_BYTES], kept[end + _NONCE_BYTES :]
        if not sealed:
            raise SealedSecretError(f"the secret of {owner} is cut short")
        try:
            key = self._provider.unwrap(wrapped, {self._kind: owner})
            return AESGCM(key).decrypt(nonce, sealed, owner.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealedSecretError(f"the secret of {owner} cannot be opened") from error
