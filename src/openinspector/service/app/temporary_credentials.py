"""Temporary credentials: an access key valid for some hours, described entirely by its session token (F2.1).

Nothing is stored. The token is the sealed secret: AES-256-GCM under a key of the installation, with the temporary key's
id as additional data. The credentials permit the actions of the access key that they were created from and end with
it: every request looks that key up.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openinspector.service.app.errors import UseCaseError
from openinspector.service.ports.access_key_store import AccessKey, AccessKeyStore

LONGEST: Final = timedelta(hours=36)
"""The maximum lifetime of the vendor's session tokens."""
_PREFIX: Final = "ASIA"
_NONCE_BYTES: Final = 12
_ID_BYTES: Final = 10
_SECRET_BYTES: Final = 30


class ExpiredTokenError(UseCaseError):
    """Temporary credentials that have expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """New temporary credentials; their secret is shown only once."""

    id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: datetime


class _Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    made_from: str
    """Id of the access key."""
    secret: str
    expires_at: datetime


_DECODER: Final = msgspec.json.Decoder(_Sealed)


class TemporaryCredentials:
    """Makes and opens temporary credentials. ``secret`` is 32 bytes that all processes of an installation share."""

    def __init__(self, store: AccessKeyStore, secret: bytes, random: Callable[[int], bytes]) -> None:
        self._store = store
        self._cipher = AESGCM(secret)
        self._random = random

    def make(self, key: AccessKey, lifetime: timedelta, now: datetime) -> Credentials:
        """Make credentials from an access key, for at most `LONGEST`."""
        key_id = _PREFIX + base64.b32encode(self._random(_ID_BYTES)).decode()
        secret = base64.b64encode(self._random(_SECRET_BYTES)).decode()
        expires_at = now + min(lifetime, LONGEST)
        plain = msgspec.json.encode(_Sealed(made_from=key.id, secret=secret, expires_at=expires_at))
        nonce = self._random(_NONCE_BYTES)
        token = base64.b64encode(nonce + self._cipher.encrypt(nonce, plain, key_id.encode())).decode()
        return Credentials(id=key_id, secret=secret, token=token, expires_at=expires_at)

    def secret_of(self, key_id: str, token: str, now: datetime) -> tuple[str, AccessKey] | None:
        """Return the secret, and the access key the credentials were made from.

        None if the token does not belong to this key id or the access key was deleted; ExpiredTokenError, StoreError.
        """
        try:
            raw = base64.b64decode(token, validate=True)
            plain = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], key_id.encode())
            sealed = _DECODER.decode(plain)
        except (binascii.Error, ValueError, InvalidTag, msgspec.MsgspecError):
            return None
        if sealed.expires_at <= now:
            raise ExpiredTokenError("The security token included in the request is expired")
        key = self._store.get(sealed.made_from)
        return None if key is None else (sealed.secret, key)
