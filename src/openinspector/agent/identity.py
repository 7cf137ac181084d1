"""The host's identity: its Ed25519 key, which never leaves the host, and the ways to prove it.

The ways are in `openinspector.agent.identities`, one file each, exporting ``IDENTITY``.
"""

import os
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from openinspector.agent.files.atomic_file import make_private_folder, write_atomically
from openinspector.agent.files.open_flags import NON_BLOCKING, PRIVATE_FILE
from openinspector.agent.host import Host
from openinspector.model.errors import OpenInspectorError
from openinspector.wire.signature import key_id

KEY_FILE: Final = "host.key"
SEED_BYTES: Final = 32


class IdentityError(OpenInspectorError):
    """A host key or enrolment that cannot be used."""


class HostKey:
    """The host's private key. It signs and is never revealed."""

    def __init__(self, private: SigningKey) -> None:
        self._private = private
        self.public_key = bytes(private.verify_key)
        """Raw Ed25519 public key, 32 bytes."""
        self.id = key_id(self.public_key)
        """SHA-256 of the public key, hexadecimal: the key id in requests."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of ``message``, 64 bytes."""
        return self._private.sign(message).signature


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityClaim:
    """The input from which an identity produces its evidence."""

    secret: str
    """The secret that the person typed or piped in. Empty if the method needs none."""
    nonce: str
    public_key: bytes
    host: Host
    """The host whose metadata service may be used."""
    server: str
    """The service's name, as the agent knows it."""
    unix_time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One way to prove which host an agent runs on."""

    name: str
    """The enrolment request's ``method``."""
    title: str
    evidence: Callable[[IdentityClaim], Mapping[str, str]]
    """Returns the evidence for the service; IdentityError or MetadataError if this host has none."""


def load_key(state: Path, name: str = KEY_FILE) -> HostKey | None:
    """Return a key from the state directory, or None if absent. Raises IdentityError.

    The file holds the 32-byte seed of RFC 8032, mode 0600. A key that others could have read is refused.
    """
    path = state / name
    try:
        return HostKey(SigningKey(_read_seed(path)))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IdentityError(
            f"the host key {path} cannot be read: {error.strerror}", advice="Ask as the agent's user, which is root."
        ) from error


def load_or_make_key(state: Path, name: str = KEY_FILE) -> HostKey:
    """Return the key in the state directory, created if absent; IdentityError."""
    held = load_key(state, name)
    if held is not None:
        return held
    path = state / name
    private = SigningKey.generate()
    try:
        make_private_folder(state)
        write_atomically(path, bytes(private))
    except OSError as error:
        raise IdentityError(
            f"the host key cannot be written to {path}: {error.strerror}",
            advice="Run the agent as a user that owns its state directory.",
        ) from error
    return HostKey(private)


def _others_may_read(path: Path, status: os.stat_result) -> bool:
    if sys.platform == "win32":
        from openinspector.agent.files.windows_acl import others_may_access, read_access  # noqa: PLC0415 - Windows only

        # The owner of the folder could replace the key.
        return any(others_may_access(read_access(each)) for each in (path, path.parent))
    else:  # noqa: RET505 - the type checker sees one of the two
        return bool(stat.S_IMODE(status.st_mode) & 0o077)


def _read_seed(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | NON_BLOCKING | PRIVATE_FILE)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or _others_may_read(path, status):
            raise IdentityError(
                f"others may read the host key {path}, or it is not a file",
                advice=f"Remove {path} and enrol the host again: the key may be known to others.",
            )
        seed = file.read(SEED_BYTES + 1)
    if len(seed) != SEED_BYTES:
        raise IdentityError(
            f"the host key {path} does not hold {SEED_BYTES} bytes", advice=f"Remove {path} and enrol the host again."
        )
    return seed
