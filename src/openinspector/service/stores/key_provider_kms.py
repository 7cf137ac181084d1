"""Data keys wrapped by AWS KMS, or by a server with its API: master keys never leave it.

A wrapped key is ``OIK2`` and the ciphertext blob of GenerateDataKey, which names the KMS key. KMS authenticates the
encryption context (`EncryptionContext`_).

.. _EncryptionContext: https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
"""

from collections.abc import Mapping
from typing import Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from openinspector.service.ports.key_provider import DataKey, KeyProviderError

MAGIC: Final = b"OIK2"
_CONFIG: Final = Config(
    connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=50
)


class KmsKeyProvider:
    """Creates and unwraps data keys with one KMS key: its id, alias or ARN."""

    def __init__(self, key: str, endpoint: str = "") -> None:
        self._key = key
        self._client = boto3.client("kms", endpoint_url=endpoint or None, config=_CONFIG)

    def generate(self, context: Mapping[str, str]) -> DataKey:
        """Return a fresh 256-bit key bound to ``context``; KeyProviderError."""
        try:
            made = self._client.generate_data_key(
                KeyId=self._key, KeySpec="AES_256", EncryptionContext=_non_empty(context)
            )
        except (BotoCoreError, ClientError) as refused:
            raise KeyProviderError(
                f"KMS made no data key with {self._key}: {refused}",
                advice="Allow the service kms:GenerateDataKey and kms:Decrypt on the key, and see that it is enabled.",
            ) from refused
        return DataKey(plaintext=made["Plaintext"], wrapped=MAGIC + made["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the plaintext key; KeyProviderError unless ``context`` is the one it was created with."""
        try:
            opened = self._client.decrypt(CiphertextBlob=_blob(wrapped), EncryptionContext=_non_empty(context))
        except (BotoCoreError, ClientError) as refused:
            raise KeyProviderError(f"KMS did not open a data key: {refused}") from refused
        plaintext: bytes = opened["Plaintext"]
        return plaintext

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Wrap an existing key with KMS (Encrypt); KeyProviderError."""
        try:
            made = self._client.encrypt(KeyId=self._key, Plaintext=plaintext, EncryptionContext=_non_empty(context))
        except (BotoCoreError, ClientError) as refused:
            raise KeyProviderError(
                f"KMS did not wrap a data key with {self._key}: {refused}",
                advice="Allow the caller kms:Encrypt on the key.",
            ) from refused
        return MAGIC + bytes(made["CiphertextBlob"])

    def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes | None:
        """Move a key to the KMS key of the settings (ReEncrypt); None if that wrapped it. KeyProviderError.

        The plaintext does not leave KMS.
        """
        bound = _non_empty(context)
        try:
            moved = self._client.re_encrypt(
                CiphertextBlob=_blob(wrapped),
                SourceEncryptionContext=bound,
                DestinationKeyId=self._key,
                DestinationEncryptionContext=bound,
            )
        except (BotoCoreError, ClientError) as refused:
            raise KeyProviderError(
                f"KMS did not move a data key to {self._key}: {refused}",
                advice="Allow the caller kms:ReEncryptFrom on the old key and kms:ReEncryptTo on the new one.",
            ) from refused
        return None if moved["SourceKeyId"] == moved["KeyId"] else MAGIC + bytes(moved["CiphertextBlob"])


def _blob(wrapped: bytes) -> bytes:
    if not wrapped.startswith(MAGIC):
        raise KeyProviderError("not a data key wrapped by this key provider")
    return wrapped.removeprefix(MAGIC)


def _non_empty(context: Mapping[str, str]) -> dict[str, str]:
    """Return the context with a mark before each value: KMS refuses empty ones."""
    return {name: f"={value}" for name, value in context.items()}
