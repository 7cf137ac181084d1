"""Access keys of API users: secrets are shown once and stored sealed; each key has permitted actions."""

import re
import secrets
import threading
from base64 import b32encode, b64encode
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from openinspector.model.errors import StoreError
from openinspector.service.app.errors import UseCaseError
from openinspector.service.app.sealed_secret import SealedSecretError, SecretBox
from openinspector.service.ports.access_key_store import AccessKey, AccessKeyStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.key_provider import KeyProvider
from openinspector.service.ports.wrapped_key_store import WrappedKind

PREFIX: Final = "inspector:"
FULL_ACCESS: Final = ("inspector:*",)
"""The part of AmazonInspectorFullAccess that this service implements (F2.8)."""
READ_ONLY: Final = (
    "inspector:Describe*",
    "inspector:Get*",
    "inspector:List*",
    "inspector:Preview*",
    "inspector:ExportFindings",
    "inspector:Search",
)
"""The part of AmazonInspectorReadOnlyAccess that this service implements (F2.8), and our own."""
MAX_CACHED: Final = 1024

_ID_BYTES: Final = 10
"""16 characters of base 32."""
_SECRET_BYTES: Final = 30
"""40 characters of base 64."""
_USER: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names"""
_KEY_ID: Final = re.compile(r"[A-Z0-9]{16,128}", re.ASCII)
_ACTION: Final = re.compile(r"\*|inspector:[A-Za-z*?]{1,64}", re.ASCII | re.IGNORECASE)


class AccessKeyError(UseCaseError):
    """An access key cannot be created as requested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccessKey:
    """A new key; its secret is shown only once (F2.12)."""

    id: str
    secret: str = field(repr=False)
    user: str


class AccessKeys:
    """Creates access keys and opens their secrets. Thread-safe."""

    def __init__(
        self,
        *,
        store: AccessKeyStore,
        provider: KeyProvider,
        clock: Clock,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._box = SecretBox(WrappedKind.ACCESS_KEY, provider, random)
        self._clock = clock
        self._random = random
        self._lock = threading.Lock()
        self._opened: OrderedDict[str, tuple[bytes, str]] = OrderedDict()

    def create(self, user: str, actions: Sequence[str]) -> NewAccessKey:
        """Create a key of ``user`` that permits ``actions``; AccessKeyError, TooManyKeysError, StoreError."""
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
                wrapped_secret=self._box.seal(key_id, secret),
                actions=tuple(actions),
                created_at=self._clock.now(),
            )
        )
        return NewAccessKey(id=key_id, secret=secret, user=user)

    def secret_of(self, key_id: str) -> tuple[str, AccessKey] | None:
        """Return a key and its plaintext secret; None for an unknown key. StoreError.

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

    def _unwrap(self, key: AccessKey) -> str:
        try:
            return self._box.open(key.id, key.wrapped_secret)
        except SealedSecretError as error:
            raise StoreError(
                f"the secret of access key {key.id} cannot be opened",
                advice="Delete the key and create a new one for its user.",
            ) from error


def allows(actions: Sequence[str], operation: str) -> bool:
    """Return True if one of ``actions`` covers an operation; ``*`` and ``?`` are wildcards, case is ignored (F2.3)."""
    wanted = f"{PREFIX}{operation}"
    return any(_pattern(action).fullmatch(wanted) is not None for action in actions)


@lru_cache(maxsize=1024)
def _pattern(action: str) -> re.Pattern[str]:
    # Consecutive wildcards become one star: `.*.*` only backtracks.
    parts = re.split(r"([*?])", re.sub(r"\*+", "*", action))
    text = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return re.compile(text, re.ASCII | re.IGNORECASE)


def _check_action(action: str) -> None:
    if _ACTION.fullmatch(action) is None:
        raise AccessKeyError(
            f"{action[:80]!r} is not an action of this API",
            advice="Name actions like inspector:ListFindings or inspector:*",
        )
