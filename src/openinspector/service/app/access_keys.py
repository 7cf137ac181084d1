"""Access keys: made once, shown once, kept wrapped (F2.1 to F2.12)."""

import base64
import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from threading import Lock
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openinspector.service.ports.access_key_store import AccessKey, AccessKeyStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.key_provider import KeyProvider, KeyProviderError

FULL_ACCESS: Final = ("inspector:*",)
READ_ONLY: Final = ("inspector:Describe*", "inspector:Get*", "inspector:List*", "inspector:Preview*")
"""What the vendor's read-only policy allows (F2.8)."""
_MAX_CACHED: Final = 10_000
_NONCE: Final = 12
_LENGTH: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccessKey:
    """A key that has just been made: the only time its secret is there to be shown."""

    id: str
    secret: str = field(repr=False)
    user: str


class AccessKeys:
    """Makes keys and finds their secrets.

    A secret is sealed with AES-256-GCM under a data key of its own; the store keeps length (2 bytes), wrapped data
    key, nonce (12 bytes) and ciphertext.
    """

    def __init__(self, *, store: AccessKeyStore, provider: KeyProvider, clock: Clock) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock
        self._lock = Lock()
        self._secrets: OrderedDict[str, str] = OrderedDict()

    def create(self, user: str, actions: tuple[str, ...]) -> NewAccessKey:
        """Make a key for ``user`` that may do ``actions``; TooManyKeysError."""
        key_id = "AKIA" + base64.b32encode(secrets.token_bytes(10)).decode()
        secret = base64.b64encode(secrets.token_bytes(30)).decode()
        data_key = self._provider.generate(_context(key_id))
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(data_key.plaintext).encrypt(nonce, secret.encode(), key_id.encode())
        wrapped = len(data_key.wrapped).to_bytes(_LENGTH, "big") + data_key.wrapped + nonce + sealed
        self._store.add(
            AccessKey(id=key_id, user=user, wrapped_secret=wrapped, actions=actions, created_at=self._clock.now())
        )
        return NewAccessKey(id=key_id, secret=secret, user=user)

    def secret_of(self, key_id: str) -> tuple[str, AccessKey] | None:
        """Return a key with its secret; None where it does not exist. The store is asked every time."""
        key = self._store.get(key_id)
        if key is None:
            return None
        with self._lock:
            secret = self._secrets.get(key_id)
        return (secret or self._opened(key)), key

    def _opened(self, key: AccessKey) -> str:
        end = _LENGTH + int.from_bytes(key.wrapped_secret[:_LENGTH], "big")
        data_key = self._provider.unwrap(key.wrapped_secret[_LENGTH:end], _context(key.id))
        nonce, sealed = key.wrapped_secret[end : end + _NONCE], key.wrapped_secret[end + _NONCE :]
        try:
            secret = AESGCM(data_key).decrypt(nonce, sealed, key.id.encode()).decode()
        except InvalidTag as error:
            raise KeyProviderError(f"the stored secret of access key {key.id} is damaged") from error
        with self._lock:
            self._secrets[key.id] = secret
            if len(self._secrets) > _MAX_CACHED:
                self._secrets.popitem(last=False)
        return secret


def allows(actions: Sequence[str], operation: str) -> bool:
    """Say whether ``actions`` include ``inspector:<operation>``; wildcards and case as in IAM (F2.3)."""
    return any(_pattern(action).match(f"inspector:{operation}") is not None for action in actions)


@lru_cache(maxsize=1024)
def _pattern(action: str) -> re.Pattern[str]:
    return re.compile(translate(action.replace("[", "[[]")), re.IGNORECASE)


def _context(key_id: str) -> dict[str, str]:
    return {"access-key": key_id}
