"""Stored feeds as one signed file, for sites without a network: `feeds export`, `feeds import`.

The file is ``OIFEEDS1``, an Ed25519 signature (64 bytes) over the rest, and a zstd frame that holds one msgpack
document. The signature is checked before anything is unpacked, and unpacking is bounded. The importing site names the
public key, because a file cannot vouch for itself.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from openinspector.model.errors import FeedError
from openinspector.service.ports.advisory_store import AdvisoryStore, FeedDump

MAGIC: Final = b"OIFEEDS1"
MAX_PACKED: Final = 1024**3
MAX_UNPACKED: Final = 4 * 1024**3
_SIGNATURE: Final = 64


class _Bundle(msgspec.Struct, frozen=True, kw_only=True):
    feeds: list[FeedDump]


_DECODER: Final = msgspec.msgpack.Decoder(_Bundle)


def write_bundle(store: AdvisoryStore, path: Path, key: Ed25519PrivateKey, feeds: Sequence[str] = ()) -> Sequence[str]:
    """Write stored ``feeds``, by default all, atomically; return their names.

    Raises FeedError if one of them has no data.
    """
    known = [snapshot.feed for snapshot in store.snapshots()]
    names = list(feeds) or known
    missing = [name for name in names if name not in known]
    if missing or not names:
        raise FeedError(
            f"nothing is stored of {', '.join(missing) or 'any feed'}",
            advice="Sync it first: openinspector feeds sync.",
        )
    bundle = _Bundle(feeds=[store.dump(name) for name in names])
    packed = zstandard.compress(msgspec.msgpack.encode(bundle), 3)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(MAGIC + key.sign(packed) + packed)
    partial.replace(path)
    return names


def read_bundle(store: AdvisoryStore, path: Path, key: Ed25519PublicKey) -> Sequence[str]:
    """Store the feeds of a file one by one and return their names.

    Raises FeedError if the file is not signed by ``key`` or is damaged.
    """
    if path.stat().st_size > MAX_PACKED:
        raise FeedError(f"{path} is larger than {MAX_PACKED} bytes", advice="Check that it is an export of feeds.")
    content = path.read_bytes()
    signature = content[len(MAGIC) : len(MAGIC) + _SIGNATURE]
    packed = content[len(MAGIC) + _SIGNATURE :]
    if not content.startswith(MAGIC):
        raise FeedError(
            f"{path} is not an export of feeds", advice="Name a file written by openinspector feeds export."
        )
    try:
        key.verify(signature, packed)
    except InvalidSignature as error:
        raise FeedError(
            f"the signature of {path} is not by this key", advice="Use the public key of the site that exported it."
        ) from error
    dumps = _unpacked(path, packed)
    for dump in dumps:
        store.load(dump)
    return [dump.snapshot.feed for dump in dumps]


def _unpacked(path: Path, packed: bytes) -> list[FeedDump]:
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
            content = reader.read(MAX_UNPACKED)  # a larger one is cut off here and does not decode
        return _DECODER.decode(content).feeds
    except (zstandard.ZstdError, msgspec.MsgspecError, ValueError) as error:
        raise FeedError(f"{path} is damaged or of another version: {error}", advice="Export it again.") from error
