"""Data keys wrapped by the transit engine of HashiCorp Vault or OpenBao: master keys never leave it.

A wrapped key is ``OIK3`` and the ciphertext of `encrypt`_, ``vault:v<version>:<base64>``. The encryption context is
sent as ``associated_data``, which authenticates it, and as ``context``, which a key with derivation needs.

The address, token, namespace and CA come from Vault's own variables ``VAULT_ADDR``, ``VAULT_TOKEN``,
``VAULT_NAMESPACE`` and ``VAULT_CACERT``. ``VAULT_TOKEN_FILE`` names a file that is read for every request, as Vault
Agent renews it.

.. _encrypt: https://developer.hashicorp.com/vault/api-docs/secret/transit#encrypt-data
"""

import os
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import httpx
import msgspec

from openinspector.service.ports.key_provider import DataKey, KeyProviderError

MAGIC: Final = b"OIK3"
_KEY_BYTES: Final = 32
_SECONDS: Final = 10


class _Data(msgspec.Struct, frozen=True):
    ciphertext: str = ""
    plaintext: str = ""


class _Reply(msgspec.Struct, frozen=True):
    data: _Data = _Data()
    errors: tuple[str, ...] = ()


class VaultKeyProvider:
    """Creates and unwraps data keys with one key ``MOUNT/KEY`` of the transit engine."""

    def __init__(self, key: str, environment: Mapping[str, str], random: Callable[[int], bytes] = os.urandom) -> None:
        address = environment.get("VAULT_ADDR", "")
        if not address.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise KeyProviderError("VAULT_ADDR is not the https:// address of a Vault server")
        self._mount, _, self._key = key.rpartition("/")
        self._environment = environment
        self._random = random
        authority = environment.get("VAULT_CACERT")
        try:
            trust = ssl.create_default_context(cafile=authority)
        except OSError as refused:
            raise KeyProviderError(f"the file of VAULT_CACERT cannot be read: {authority}") from refused
        self._client = httpx.Client(base_url=address, timeout=_SECONDS, verify=trust)

    def generate(self, context: Mapping[str, str]) -> DataKey:
        """Return a fresh 256-bit key bound to ``context``; KeyProviderError."""
        plaintext = self._random(_KEY_BYTES)
        return DataKey(plaintext=plaintext, wrapped=self.wrap(plaintext, context))

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Return a key wrapped by Vault and bound to ``context``; KeyProviderError."""
        body = {"plaintext": b64encode(plaintext).decode(), **_bound(context)}
        return MAGIC + self._ask("encrypt", body).ciphertext.encode()

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the plaintext key; KeyProviderError unless ``context`` is the one it was created with."""
        if not wrapped.startswith(MAGIC):
            raise KeyProviderError("not a data key wrapped by this key provider")
        ciphertext = wrapped.removeprefix(MAGIC).decode("ascii", "replace")
        plaintext = b64decode(self._ask("decrypt", {"ciphertext": ciphertext, **_bound(context)}).plaintext)
        if len(plaintext) != _KEY_BYTES:
            raise KeyProviderError("Vault returned something else than a data key")
        return plaintext

    def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes | None:
        """Return the key wrapped under the newest version of Vault's key; None if it is. KeyProviderError as `unwrap`.

        The engine's own ``rewrap`` takes no ``associated_data``.
        """
        moved = self.wrap(self.unwrap(wrapped, context), context)
        return None if _version(moved) == _version(wrapped) else moved

    def _ask(self, action: str, body: Mapping[str, str]) -> _Data:
        try:
            answer = self._client.post(f"/v1/{self._mount}/{action}/{self._key}", json=body, headers=self._headers())
            reply = msgspec.json.decode(answer.content, type=_Reply)
        except (httpx.HTTPError, msgspec.MsgspecError, OSError) as refused:
            raise KeyProviderError(f"Vault does not answer: {refused}") from refused
        if answer.status_code != httpx.codes.OK:
            raise KeyProviderError(
                f"Vault did not {action} a data key with {self._mount}/{self._key}: "
                f"{'; '.join(reply.errors) or answer.status_code}",
                advice=f"Allow the token to update {self._mount}/{action}/{self._key}, and see that Vault is unsealed.",
            )
        return reply.data

    def _headers(self) -> dict[str, str]:
        file = self._environment.get("VAULT_TOKEN_FILE")
        token = Path(file).read_text().strip() if file else self._environment.get("VAULT_TOKEN", "")
        namespace = self._environment.get("VAULT_NAMESPACE")
        return {"X-Vault-Token": token, **({"X-Vault-Namespace": namespace} if namespace else {})}


def _version(wrapped: bytes) -> bytes:
    """Return what precedes the base 64: ``OIK3vault:v1``."""
    return wrapped.rpartition(b":")[0]


def _bound(context: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that bind a ciphertext to a context."""
    encoded = b64encode(msgspec.json.encode(sorted(context.items()))).decode()
    return {"context": encoded, "associated_data": encoded}
