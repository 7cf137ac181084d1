"""Access keys of the API's users: made once, kept wrapped, and what each of them may do.

What the store keeps as the wrapped secret is the wrapped data key's length (2 bytes, big-endian), the wrapped data key,
nonce (12), AES-256-GCM ciphertext of the secret with tag. The data key is made for this one secret under the encryption
context {access-key: id}; the ciphertext's additional data are the id, so no wrapped secret opens as another key's.
"""

import re
import secrets
import threading
from base64 import b32encode, b64encode
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openinspector.model.errors import StoreError
from openinspector.service.app.errors import UseCaseError
from openinspector.service.ports.access_key_store import AccessKey, AccessKeyStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.key_provider import KeyProvider

PREFIX: Final = "inspector:"
FULL_ACCESS: Final = ("inspector:*",)
"""AmazonInspectorFullAccess, as far as it is ours (F2.8)."""
READ_ONLY: Final = ("inspector:Describe*", "inspector:Get*", "inspector:List*", "inspector:Preview*")
"""AmazonInspectorReadOnlyAccess, as far as it is ours (F2.8)."""
MAX_CACHED: Final = 1024

_LENGTH_BYTES: Final = 2
_NONCE_BYTES: Final = 12
_ID_BYTES: Final = 10
"""16 characters of base 32."""
_SECRET_BYTES: Final = 30
"""40 characters of base 64."""
_USER: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names"""
_KEY_ID: Final = re.compile(r"[A-Z0-9]{16,128}", re.ASCII)
_ACTION: Final = re.compile(r"\*|inspector:[A-Za-z*?]{1,64}", re.ASCII | re.IGNORECASE)


class AccessKeyError(UseCaseError):
    """An access key that cannot be made as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccessKey:
    """A key just made: the only time its secret is shown (F2.12)."""

    id: str
    secret: str = field(repr=False)
    user: str


class AccessKeys:
    """Makes access keys and opens their secrets. Thread-safe."""

    def __init__(
        self,
        *,
        store: AccessKeyStore,
        provider: KeyProvider,
        clock: Clock,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._provider = provider
        self._clock = clock
        self._random = random
        self._lock = threading.Lock()
        self._opened: OrderedDict[str, tuple[bytes, str]] = OrderedDict()

    def create(self, user: str, actions: Sequence[str]) -> NewAccessKey:
        """Make a key of ``user`` that may do ``actions``; AccessKeyError, TooManyKeysError, StoreError."""
        if _USER.fullmatch(user) is None:
            raise AccessKeyError(
                f"no user can be named {user[:80]!r}", advice="Use 1 to 64 of the characters A-Z a-z 0-9 + = , . @ _ -"
            )
        for action in actions:
            _check_action(action)
        key_id = f"AKIA{b32encode(self._random(_ID_BYTES)).decode()}"
        secret = b64encode(self._random(_SECRET_BYTES)).decode()
        self._store.add(
            AccessKey(
                id=key_id,
                user=user,
                wrapped_secret=self._wrap(key_id, secret),
                actions=tuple(actions),
                created_at=self._clock.now(),
            )
        )
        return NewAccessKey(id=key_id, secret=secret, user=user)

    def secret_of(self, key_id: str) -> tuple[str, AccessKey] | None:
        """Return a key and its secret in the clear, None for an unknown key; StoreError.

        The store is asked every time, so that a deleted key is refused at once; only the unwrapping is remembered.
        """
        key = self._store.get(key_id) if _KEY_ID.fullmatch(key_id) is not None else None
        if key is None:
            with self._lock:
                self._opened.pop(key_id, None)
            return None
        with self._lock:
            opened = self._opened.get(key_id)
        if opened is not None and opened[0] == key.wrapped_secret:
            return opened[1], key
        secret = self._unwrap(key)
        self._remember(key, secret)
        return secret, key

    def _remember(self, key: AccessKey, secret: str) -> None:
        with self._lock:
            self._opened[key.id] = (key.wrapped_secret, secret)
            if len(self._opened) > MAX_CACHED:
                self._opened.popitem(last=False)

    def _wrap(self, key_id: str, secret: str) -> bytes:
        data_key = self._provider.generate(_context(key_id))
        nonce = self._random(_NONCE_BYTES)
        sealed = AESGCM(data_key.plaintext).encrypt(nonce, secret.encode(), key_id.encode())
        return len(data_key.wrapped).to_bytes(_LENGTH_BYTES, "big") + data_key.wrapped + nonce + sealed

    def _unwrap(self, key: AccessKey) -> str:
        data_key, nonce, sealed = _split(key)
        try:
            secret = AESGCM(self._provider.unwrap(data_key, _context(key.id))).decrypt(nonce, sealed, key.id.encode())
        except (InvalidTag, ValueError) as error:
            raise _damaged(key) from error
        return secret.decode()


def allows(actions: Sequence[str], operation: str) -> bool:
    """Say whether one of ``actions`` covers an operation; ``*`` and ``?`` are wildcards, case is ignored (F2.3)."""
    wanted = f"{PREFIX}{operation}"
    return any(_pattern(action).fullmatch(wanted) is not None for action in actions)


@lru_cache(maxsize=1024)
def _pattern(action: str) -> re.Pattern[str]:
    # Runs of wildcards become one star: `.*.*` would only backtrack.
    parts = re.split(r"([*?])", re.sub(r"\*+", "*", action))
    text = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return re.compile(text, re.ASCII | re.IGNORECASE)


def _check_action(action: str) -> None:
    if _ACTION.fullmatch(action) is None:
        raise AccessKeyError(
            f"{action[:80]!r} is no action of this API",
            advice="Name actions like inspector:ListFindings or inspector:*",
        )


def _context(key_id: str) -> dict[str, str]:
    return {"access-key": key_id}


def _split(key: AccessKey) -> tuple[bytes, bytes, bytes]:
    """Return wrapped data key, nonce and ciphertext."""
    kept = key.wrapped_secret
    end = _LENGTH_BYTES + int.from_bytes(kept[:_LENGTH_BYTES], "big")
    if len(kept) <= end + _NONCE_BYTES:
        raise _damaged(key)
    return kept[_LENGTH_BYTES:end], kept[end : end + _NONCE_BYTES], kept[end + _NONCE_BYTES :]


def _damaged(key: AccessKey) -> StoreError:
    return StoreError(
        f"the secret of access key {key.id} cannot be opened", advice="Delete the key and make a new one for its user."
    )
