"""A snapshot: what the `aws` calls of all accounts and regions printed at one time, and what could not be read.

A call that failed is a document whose content begins with ``An error occurred``, as the AWS CLI prints it; the model
then treats what the call lists as not known. A `ReadGap` names the same failure for people, and also what has no
document, such as an account whose role cannot be assumed.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from openinspector.model.errors import ModelError
from openinspector.network.aws.document import SnapshotDocument

FORMAT: Final = 1
FAILED_CALL: Final = b"An error occurred"
"""First bytes of a document whose call failed."""
UNKNOWN_IDS: Final = FAILED_CALL + b": the ids are not known"
"""First bytes of the document of a call that needs ids which another call did not list. It is not a gap of its own."""
_MAX_REASON: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ReadGap:
    """Something that could not be read. The rest of the snapshot is complete."""

    account: str
    region: str = ""
    """Empty: no region of the account could be read."""
    operation: str = ""
    """`<service>-<operation>`; empty: no call of the region could be made."""
    subject: str = ""
    """The id that the call was made for; empty for a call without one."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The documents in the order of account, region, operation and subject. Make one with `snapshot_of`."""

    documents: tuple[SnapshotDocument, ...]
    gaps: tuple[ReadGap, ...]
    taken_at: datetime
    """When the first call was made; for files, when the newest was written. UTC."""
    digest: str
    """SHA-256 of the documents, hexadecimal: equal for equal documents, whenever they were read."""


def snapshot_of(documents: Iterable[SnapshotDocument], gaps: Iterable[ReadGap], taken_at: datetime) -> Snapshot:
    """Return the snapshot of documents in any order."""
    ordered = tuple(sorted(documents, key=_place))
    return Snapshot(documents=ordered, gaps=tuple(sorted(gaps)), taken_at=taken_at, digest=_digest(ordered))


def failed_calls(documents: Iterable[SnapshotDocument]) -> tuple[ReadGap, ...]:
    """Return a gap for each document whose call failed, and one for a whole region if all of its calls failed."""
    by_region: dict[tuple[str, str], list[SnapshotDocument]] = {}
    for document in documents:
        by_region.setdefault((document.account, document.region), []).append(document)
    gaps: list[ReadGap] = []
    for (account, region), made in by_region.items():
        failed = [one for one in made if _failed(one) and not one.content.startswith(UNKNOWN_IDS)]
        if all(map(_failed, made)):
            gaps.append(ReadGap(account=account, region=region, reason=_reason(failed[0])))
        else:
            gaps += [
                ReadGap(
                    account=account,
                    region=region,
                    operation=one.operation,
                    subject=one.subject,
                    reason=_reason(one),
                )
                for one in failed
            ]
    return tuple(gaps)


def _failed(document: SnapshotDocument) -> bool:
    return document.content[:_MAX_REASON].lstrip().startswith(FAILED_CALL)


def _reason(failed: SnapshotDocument) -> str:
    return " ".join(failed.content[:_MAX_REASON].decode(errors="replace").split())


class _Packed(msgspec.Struct, frozen=True, kw_only=True):
    format: int
    taken_at: datetime
    documents: tuple[SnapshotDocument, ...]
    gaps: tuple[ReadGap, ...]


def pack_snapshot(snapshot: Snapshot) -> bytes:
    """Return a snapshot as MessagePack."""
    packed = _Packed(format=FORMAT, taken_at=snapshot.taken_at, documents=snapshot.documents, gaps=snapshot.gaps)
    return msgspec.msgpack.encode(packed)


def unpack_snapshot(packed: bytes) -> Snapshot:
    """Return the snapshot that `pack_snapshot` packed; ModelError if ``packed`` is not one."""
    try:
        found = msgspec.msgpack.decode(packed, type=_Packed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"not a snapshot: {error}") from error
    if found.format != FORMAT:
        raise ModelError(f"a snapshot of format {found.format}; this version reads format {FORMAT}")
    return snapshot_of(found.documents, found.gaps, found.taken_at)


def _place(document: SnapshotDocument) -> tuple[str, str, str, str]:
    return document.account, document.region, document.operation, document.subject


def _digest(documents: Iterable[SnapshotDocument]) -> str:
    """Hash each document with its length-prefixed place, so that no two snapshots feed the same bytes."""
    whole = hashlib.sha256()
    for document in documents:
        whole.update(msgspec.msgpack.encode(_place(document)))
        whole.update(hashlib.sha256(document.content).digest())
    return whole.hexdigest()
