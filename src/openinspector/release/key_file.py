"""Signing keys as files: Ed25519, the private half encrypted with a passphrase (PKCS #8), the public half beside it."""

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.signer import CryptoSigner, SSlibKey

from openinspector.release.error import ReleaseError

MIN_PASSPHRASE: Final = 12


def render_key(key: Ed25519PrivateKey, passphrase: bytes) -> tuple[bytes, bytes]:
    """Return the encrypted private key and the public key, both PEM; ReleaseError for a short passphrase."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise ReleaseError(f"the passphrase is shorter than {MIN_PASSPHRASE} characters")
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))
    return encrypted, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def parse_key(content: bytes, passphrase: bytes) -> CryptoSigner:
    """Return the signer of an encrypted private key. Raises ReleaseError if it does not open or is of another type."""
    try:
        key = load_pem_private_key(content, passphrase)
    except TypeError as error:
        raise ReleaseError(
            "the key is not encrypted", advice="Make keys with: openinspector release key create"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ReleaseError("the key does not open: wrong passphrase, or no private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ReleaseError("the key is not Ed25519", advice="Make keys with: openinspector release key create")
    return CryptoSigner(key)


def parse_public_key(content: bytes) -> SSlibKey:
    """Return a public key in PEM; ReleaseError if it is invalid or not Ed25519."""
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ReleaseError("not a public key in PEM", advice="It is the .pub file next to the private key.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ReleaseError("the public key is not Ed25519")
    return SSlibKey.from_crypto(key)
