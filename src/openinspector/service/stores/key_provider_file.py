"""Data keys wrapped under master keys in one file: the key-management service of a single node.

The file is JSON, mode 0600, owned by the service's user: ``{"current": "<id>", "keys": {"<id>": "<base64>"}}``.
New data keys are wrapped under the current master key. Every listed key still unwraps, so a rotation loses nothing.

A wrapped key is ``OIK1``, the id's length (1 byte), the id, nonce (12), AES-256-GCM ciphertext with tag (48). Its
additional data are the id and the encryption context in canonical form: pairs sorted by name, each text after its
length. Nonces are random: a master key is good for 2**32 wraps (NIST SP 800-38D section 8.3).
"""

import errno
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openinspector.service.ports.key_provider import DataKey, KeyProviderError

MAGIC: Final = b"OIK1"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_MAX_FILE_BYTES: Final = 1024 * 1024

_KeyId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
_Key = Annotated[bytes, msgspec.Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]


class _KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    current: _KeyId
    keys: Annotated[dict[_KeyId, _Key], msgspec.Meta(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Masters:
    current: str
    by_id: Mapping[str, AESGCM]


class FileKeyProvider:
    """Wraps and unwraps data keys; creates the key file if it does not exist."""

    def __init__(self, path: Path, random: Callable[[int], bytes] = os.urandom) -> None:
        self._path = path
        self._random = random
        if not path.exists():
            self._create()
        self._reload()

    def generate(self, context: Mapping[str, str]) -> DataKey:
        """Return a fresh key wrapped under the current master key and bound to ``context``; KeyProviderError."""
        plaintext = self._random(KEY_BYTES)
        return DataKey(plaintext=plaintext, wrapped=self.wrap(plaintext, context))

    def wrap(self, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Wrap an existing key under the current master key; KeyProviderError.

        The file is read again: another process may have rotated it, and a key that is only in memory would be lost.
        """
        masters = self._reload()
        nonce = self._random(NONCE_BYTES)
        ciphertext = masters.by_id[masters.current].encrypt(nonce, plaintext, _bound(masters.current, context))
        key_id = masters.current.encode()
        return MAGIC + bytes([len(key_id)]) + key_id + nonce + ciphertext

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the plaintext key; KeyProviderError if it is damaged, foreign or from another context."""
        key_id, nonce, ciphertext = _split(wrapped)
        master = self._masters.by_id.get(key_id) or self._reload().by_id.get(key_id)
        if master is None:
            raise KeyProviderError(
                f"the data key was wrapped under master key {key_id}, which {self._path} does not hold",
                advice="Restore the key file that was in use when the data key was made.",
            )
        try:
            return master.decrypt(nonce, ciphertext, _bound(key_id, context))
        except InvalidTag as refused:
            raise KeyProviderError("a wrapped data key is damaged or belongs to another context") from refused

    def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes | None:
        """Return the key wrapped under the current master key; None if it already is. KeyProviderError."""
        plaintext = self.unwrap(wrapped, context)
        return None if _split(wrapped)[0] == self._reload().current else self.wrap(plaintext, context)

    def rotate(self) -> str:
        """Add a master key, make it current and return its id; old keys still unwrap."""
        held = _read(self._path)
        key_id = self._random(8).hex()
        rotated = _KeyFile(current=key_id, keys={**held.keys, key_id: self._random(KEY_BYTES)})
        fresh = self._write_beside(rotated)
        fresh.replace(self._path)
        _sync_folder(self._path.parent)
        self._reload()
        return key_id

    def _reload(self) -> _Masters:
        held = _read(self._path)
        self._masters = _Masters(current=held.current, by_id={name: AESGCM(key) for name, key in held.keys.items()})
        return self._masters

    def _create(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key_id = self._random(8).hex()
        fresh = self._write_beside(_KeyFile(current=key_id, keys={key_id: self._random(KEY_BYTES)}))
        try:
            # A link never replaces a file: two processes that start at once use the same key.
            os.link(fresh, self._path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        _sync_folder(self._path.parent)

    def _write_beside(self, content: _KeyFile) -> Path:
        fresh = self._path.with_name(f".{self._path.name}.{self._random(8).hex()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(content))
            file.flush()
            os.fsync(file.fileno())
        return fresh


def _read(path: Path) -> _KeyFile:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as refused:
        reason = "is a symbolic link" if refused.errno == errno.ELOOP else str(refused.strerror)
        raise KeyProviderError(f"the key file {path} cannot be read: {reason}") from refused
    with os.fdopen(descriptor, "rb") as file:
        _check_private(path, os.fstat(descriptor))
        content = file.read(_MAX_FILE_BYTES)
    try:
        held = msgspec.json.decode(content, type=_KeyFile)
    except msgspec.MsgspecError as wrong:
        raise KeyProviderError(
            f"{path} is not a key file: {wrong}", advice="Restore it from a backup; without it telemetry stays sealed."
        ) from wrong
    if held.current not in held.keys:
        raise KeyProviderError(f"{path} names {held.current} as its current key but does not hold it")
    return held


def _check_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyProviderError(f"the key file {path} is not a regular file")
    if status.st_mode & 0o077:
        raise KeyProviderError(
            f"the key file {path} can be used by others (mode {stat.S_IMODE(status.st_mode):04o})",
            advice=f"chmod 600 {path}",
        )
    if status.st_uid != os.geteuid():
        raise KeyProviderError(
            f"the key file {path} belongs to another user (uid {status.st_uid})", advice="chown it to the service."
        )


def _split(wrapped: bytes) -> tuple[str, bytes, bytes]:
    id_at = len(MAGIC) + 1
    nonce_at = id_at + wrapped[len(MAGIC)] if len(wrapped) >= id_at else 0
    ciphertext_at = nonce_at + NONCE_BYTES
    if not wrapped.startswith(MAGIC) or len(wrapped) != ciphertext_at + KEY_BYTES + 16:
        raise KeyProviderError("not a data key wrapped by this key provider")
    key_id = wrapped[id_at:nonce_at].decode("ascii", "replace")
    return key_id, wrapped[nonce_at:ciphertext_at], wrapped[ciphertext_at:]


def _bound(key_id: str, context: Mapping[str, str]) -> bytes:
    texts = [key_id, *(text for pair in sorted(context.items()) for text in pair)]
    encoded = [text.encode() for text in texts]
    return b"".join(len(text).to_bytes(4, "big") + text for text in encoded)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
