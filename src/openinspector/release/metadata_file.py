"""TUF metadata as bytes: read strictly, written so that people can compare it, signed by one key at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, T
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import CanonicalJSONSerializer, JSONSerializer

from openinspector.release.error import ReleaseError

_SERIALIZER: Final = JSONSerializer(compact=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureStatus:
    """Who has signed a file and who is still missing."""

    role: str
    version: int
    expires: datetime
    threshold: int
    signed: tuple[str, ...]
    """Ids of the keys of the role that have signed."""
    unsigned: tuple[str, ...]
    complete: bool


def parse_metadata(content: bytes, kind: type[T]) -> Metadata[T]:
    """Return metadata of one kind; ReleaseError."""
    found = parse_any(content)
    if not isinstance(found.signed, kind):
        raise ReleaseError(f"this is {found.signed.type} metadata, not {kind.type}")
    return found


def parse_any(content: bytes) -> Metadata[Any]:
    """Return metadata of any kind; ReleaseError."""
    try:
        return Metadata.from_bytes(content)
    except (DeserializationError, RepositoryError) as error:
        raise ReleaseError("this is not TUF metadata") from error


def render_metadata(metadata: Metadata[Any]) -> bytes:
    """Return metadata as indented JSON; signatures cover its canonical form."""
    return metadata.to_bytes(_SERIALIZER)


def signed_bytes(metadata: Metadata[Any]) -> bytes:
    """Return the bytes that signatures cover."""
    return CanonicalJSONSerializer().serialize(metadata.signed)


def sign(metadata: Metadata[Any], key: CryptoSigner, trusted: Root, previous: Root | None = None) -> None:
    """Add one signature; ReleaseError if the key is not of the file's role in ``trusted`` or in ``previous``.

    ``trusted`` is the root the file goes with; for a root it is the root itself, and ``previous`` the one before it.
    """
    role = metadata.signed.type
    allowed = {keyid for root in (trusted, previous) if root is not None for keyid in root.roles[role].keyids}
    if key.public_key.keyid not in allowed:
        raise ReleaseError(
            f"key {key.public_key.keyid[:16]} is not a {role} key",
            advice="Sign with a key that the root names for this role.",
        )
    metadata.sign(key, append=True)


def signature_status(metadata: Metadata[Any], trusted: Root, previous: Root | None = None) -> SignatureStatus:
    """Return which keys have signed and which are missing. The previous root must sign a root as well."""
    role, payload = metadata.signed.type, signed_bytes(metadata)
    own = trusted.get_verification_result(role, payload, metadata.signatures)
    results = [own]
    if previous is not None:
        results.append(previous.get_verification_result(role, payload, metadata.signatures))
    signed = {keyid for result in results for keyid in result.signed}
    unsigned = {keyid for result in results for keyid in result.unsigned} - signed
    return SignatureStatus(
        role=role,
        version=metadata.signed.version,
        expires=metadata.signed.expires,
        threshold=own.threshold,
        signed=tuple(sorted(signed)),
        unsigned=tuple(sorted(unsigned)),
        complete=all(result.verified for result in results),
    )


def check_complete(metadata: Metadata[Any], trusted: Root, previous: Root | None, now: datetime) -> None:
    """Raise ReleaseError unless metadata has its threshold of signatures and has not expired."""
    found = signature_status(metadata, trusted, previous)
    if not found.complete:
        raise ReleaseError(
            f"{found.role} {found.version} has {len(found.signed)} valid signature(s), not its threshold",
            advice=f"Missing may be: {', '.join(keyid[:16] for keyid in found.unsigned)}.",
        )
    if metadata.signed.is_expired(now):
        raise ReleaseError(
            f"{found.role} {found.version} expired at {found.expires:%Y-%m-%d %H:%M} UTC", advice="Make a new version."
        )
