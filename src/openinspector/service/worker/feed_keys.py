"""The Ed25519 keys that sign exports of feeds, as PEM files (RFC 8410)."""

from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from openinspector.model.errors import FeedError

_MAX_BYTES: Final = 64 * 1024


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key in a PEM file; FeedError if it has none."""
    try:
        key = load_pem_private_key(path.read_bytes()[:_MAX_BYTES], password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm, OSError) as error:
        raise _no_key(path, "private") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "private")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Return the public key in a PEM file; FeedError if it has none."""
    try:
        key = load_pem_public_key(path.read_bytes()[:_MAX_BYTES])
    except (ValueError, UnsupportedAlgorithm, OSError) as error:
        raise _no_key(path, "public") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path, "public")
    return key


def _no_key(path: Path, kind: str) -> FeedError:
    return FeedError(
        f"{path} holds no {kind} Ed25519 key in PEM",
        advice="Make one: openssl genpkey -algorithm ed25519 -out key.pem; openssl pkey -in key.pem -pubout.",
    )
