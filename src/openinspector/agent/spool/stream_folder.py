"""One stream on disk: its envelopes, acknowledged numbers and lost numbers.

``stream.json``     order, phase, numbers lost, envelopes refused, collections begun; replaced atomically.
``000042.oit``      envelope 42; written atomically; removed once the service has it and all earlier ones that are not
lost. ``acknowledged``    one line per number from 1: the digest of an envelope that was removed, or ``-`` for a lost
one. Written and synced before the envelopes are removed; a line truncated by a crash still has its envelope on disk.
"""

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import msgspec

from openinspector.agent.files.atomic_file import (
    PARTIAL_SUFFIX,
    PRIVATE,
    make_private_folder,
    sync_folder,
    write_atomically,
)
from openinspector.agent.files.open_flags import PRIVATE_FILE
from openinspector.agent.session.stream import STREAM, StreamOrder, StreamPhase, StreamView
from openinspector.model.errors import WireError
from openinspector.wire.codec import decode_json, encode_json
from openinspector.wire.envelope import MAX_ENVELOPE_BYTES, chain_digest, decode_envelope, encode_envelope
from openinspector.wire.message import Manifest

RECORD: Final = "stream.json"
ACKNOWLEDGED: Final = "acknowledged"
ENVELOPE_SUFFIX: Final = ".oit"
MAX_ENVELOPES: Final = 4096
"""The gateway's limit per stream."""

_LOST: Final = "-"
_ENVELOPE_NAME: Final = re.compile(r"[0-9]{6}\.oit")
_LINE: Final = re.compile(r"[0-9a-f]{64}|-")
_MAX_RECORD_BYTES: Final = 256 * 1024
_MAX_ACKNOWLEDGED_BYTES: Final = MAX_ENVELOPES * 65


class StreamFolderError(Exception):
    """The folder's metadata is unreadable, so its envelopes may be incomplete."""


class _Record(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    order: StreamOrder
    phase: StreamPhase = StreamPhase.OPEN
    lost: list[Annotated[int, msgspec.Meta(ge=1, le=MAX_ENVELOPES)]] = []
    """Used numbers without an envelope: expired, unreadable, or missing at the service."""
    refused: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Envelopes that never got a number because the spool was full."""
    collections: Annotated[int, msgspec.Meta(ge=0)] = 0


_RECORD: Final = msgspec.json.Decoder(_Record)


class StreamFolder:
    """One stream's folder. Not thread-safe: the spool locks it."""

    def __init__(self, folder: Path, record: _Record) -> None:
        self.folder = folder
        self._record = record
        self._acknowledged: list[str] = []
        self._held: dict[int, int] = {}
        """Number to bytes on disk, ascending."""
        self._digests: dict[int, str] = {}
        self._seen: dict[int, float] = {}
        """Number to when `held_since` first saw it, in monotonic seconds."""
        self._view: StreamView | None = None

    @classmethod
    def create(cls, folder: Path, order: StreamOrder) -> "StreamFolder":
        """Create the folder of a new stream; raises OSError."""
        make_private_folder(folder)
        stream = cls(folder, _Record(order=order))
        stream._save()
        return stream

    @classmethod
    def load(cls, folder: Path) -> tuple["StreamFolder", tuple[Path, ...]]:
        """Load a folder after a stop or a crash; return the stream and the invalid files in it.

        Raises StreamFolderError if the record or the acknowledged numbers cannot be read.
        """
        stream = cls(folder, _load_record(folder / RECORD))
        stream._acknowledged = _load_acknowledged(folder / ACKNOWLEDGED)
        return stream, tuple(stream._scan())

    @property
    def order(self) -> StreamOrder:
        """The service's order."""
        return self._record.order

    @property
    def phase(self) -> StreamPhase:
        """The stream's phase."""
        return self._record.phase

    @property
    def bytes_used(self) -> int:
        """Bytes of envelopes on disk."""
        return sum(self._held.values())

    @property
    def envelopes(self) -> int:
        """Envelopes on disk."""
        return len(self._held)

    @property
    def dropped(self) -> int:
        """Envelopes lost or refused since the stream was opened."""
        return len(self._record.lost) + self._record.refused

    @property
    def count(self) -> int:
        """Highest number used."""
        return max(len(self._acknowledged), max(self._held, default=0), max(self._record.lost, default=0))

    def view(self) -> StreamView:
        """Return the stream as it is now."""
        if self._view is None:
            self._view = StreamView(
                order=self.order, phase=self.phase, count=self.count, pending=tuple(sorted(self._held))
            )
        return self._view

    def encode_next(self, agent_id: str, plaintext: bytes) -> bytes:
        """Return the next envelope for ``plaintext``; WireError if it cannot be made."""
        if self.count >= MAX_ENVELOPES:
            raise WireError(f"the stream has its {MAX_ENVELOPES} envelopes")
        return encode_envelope(
            run_arn=self.order.run_arn, agent_id=agent_id, stream=STREAM, seq=self.count + 1, plaintext=plaintext
        )

    def append(self, envelope: bytes) -> None:
        """Store the result of `encode_next` durably; raises OSError, and then the number is still free."""
        seq = self.count + 1
        write_atomically(self._path(seq), envelope)
        self._held[seq] = len(envelope)
        self._changed()

    def refuse(self) -> None:
        """Count an envelope that could not be stored."""
        self._record.refused += 1
        self._save()

    def begin_collection(self) -> int:
        """Return the number of the collection that begins, from 1."""
        self._record.collections += 1
        self._save()
        return self._record.collections

    def read(self, seq: int) -> bytes | None:
        """Return a verified envelope; None if it is missing or damaged."""
        try:
            with self._path(seq).open("rb") as file:
                envelope = file.read(MAX_ENVELOPE_BYTES + 1)
            header, _ = decode_envelope(envelope)
        except (OSError, WireError):
            return None
        if header.seq != seq or header.run_arn != self.order.run_arn:
            return None
        self._digests[seq] = header.digest
        return envelope

    def acknowledge(self, watermark: int) -> None:
        """Remove the envelopes up to ``watermark``: the service has them all but those lost; raises OSError."""
        numbers = range(len(self._acknowledged) + 1, min(watermark, self.count) + 1)
        digests = {seq: self._digest(seq) for seq in numbers}
        if not digests:
            return
        self.lose(tuple(seq for seq, digest in digests.items() if digest is None))
        self._log([digest or _LOST for digest in digests.values()])
        self._forget_all([held for held in self._held if held <= watermark])
        sync_folder(self.folder)

    def lose(self, seqs: tuple[int, ...]) -> None:
        """Record envelopes as lost for good; their numbers are never used again. Raises OSError.

        They are recorded before they are removed: a crash in between leaves a file whose number is recorded as lost. In
        the reverse order, the highest number would be reused and its loss never reported.
        """
        if not seqs:
            return
        lost = [seq for seq in seqs if 1 <= seq <= self.count and seq not in self._record.lost]
        self._record.lost += lost
        try:
            self._save()
        except OSError:
            # On a full disk, removing envelopes makes room for the record.
            self._forget_all(lost)
            self._save()
        else:
            self._forget_all(lost)

    def held_since(self, limit: float, monotonic: float) -> tuple[int, ...]:
        """Return the numbers of envelopes still here that an earlier call, at ``limit`` or before, has seen.

        ``limit`` and ``monotonic``, the time of this call, are monotonic seconds.
        """
        self._seen = {seq: self._seen.get(seq, monotonic) for seq in self._held}
        return tuple(seq for seq, seen in self._seen.items() if seen <= limit)

    def finish(self) -> None:
        """Mark the stream as complete."""
        if self._record.phase is StreamPhase.OPEN:
            self._enter(StreamPhase.FINISHED)

    def end(self) -> None:
        """Remove the stream, except the record that it existed."""
        self._enter(StreamPhase.OVER)
        self._forget_all(tuple(self._held))
        (self.folder / ACKNOWLEDGED).unlink(missing_ok=True)

    def manifest(self) -> Manifest:
        """Return the manifest that closes the stream: the chain covers all envelopes that were not lost."""
        digests = (self._digest(seq) for seq in range(1, self.count + 1))
        chain = chain_digest([digest for digest in digests if digest is not None])
        return Manifest(
            run_arn=self.order.run_arn,
            stream=STREAM,
            count=self.count,
            chain=chain,
            dropped=self.dropped,
            unnumbered=self._record.refused,
        )

    def _digest(self, seq: int) -> str | None:
        """Return the digest of a present or removed envelope, None if it is lost."""
        if seq in self._record.lost:
            return None
        if seq <= len(self._acknowledged):
            line = self._acknowledged[seq - 1]
            return None if line == _LOST else line
        if seq not in self._digests:
            self.read(seq)
        return self._digests.get(seq)

    def _forget_all(self, seqs: Iterable[int]) -> None:
        for seq in seqs:
            self._forget(seq)
        self._changed()

    def _forget(self, seq: int) -> None:
        with contextlib.suppress(OSError):
            self._path(seq).unlink(missing_ok=True)
        self._held.pop(seq, None)
        self._digests.pop(seq, None)

    def _scan(self) -> list[Path]:
        """Read the folder. Removes acknowledged and partial files, and returns the others that are not envelopes."""
        garbage: list[Path] = []
        lost = len(self._record.lost)
        for path in sorted(self.folder.iterdir()):
            if path.name in (RECORD, ACKNOWLEDGED):
                continue
            if path.name.endswith(PARTIAL_SUFFIX):
                # Never spooled: a crash came before its rename.
                path.unlink(missing_ok=True)
            elif not _ENVELOPE_NAME.fullmatch(path.name):
                garbage.append(path)
            else:
                self._find(path, garbage)
        if len(self._record.lost) != lost:
            self._save()
        return garbage

    def _find(self, path: Path, garbage: list[Path]) -> None:
        seq = int(path.name.removesuffix(ENVELOPE_SUFFIX))
        if seq <= len(self._acknowledged) or seq in self._record.lost or self.phase is StreamPhase.OVER:
            path.unlink(missing_ok=True)
        elif 1 <= seq <= MAX_ENVELOPES and self.read(seq) is not None:
            self._held[seq] = path.stat().st_size
        else:
            garbage.append(path)
            if 1 <= seq <= MAX_ENVELOPES:
                # It may have been sent before it was damaged: its number stays used.
                self._record.lost.append(seq)

    def _log(self, lines: list[str]) -> None:
        path = self.folder / ACKNOWLEDGED
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | PRIVATE_FILE, PRIVATE)
        with os.fdopen(descriptor, "ab", buffering=0) as file:
            size = file.tell()
            try:
                file.write("".join(f"{line}\n" for line in lines).encode())
                os.fsync(descriptor)
            except OSError:
                # An incomplete line would corrupt the next one.
                os.truncate(descriptor, size)
                raise
        self._acknowledged += lines

    def _enter(self, phase: StreamPhase) -> None:
        """Enter a phase atomically: on an error the caller retries."""
        before, self._record.phase = self._record.phase, phase
        try:
            self._save()
        except OSError:
            self._record.phase = before
            raise

    def _save(self) -> None:
        # Counts stay in memory even if the disk does not take them.
        self._changed()
        write_atomically(self.folder / RECORD, encode_json(self._record, "a stream's record"))

    def _changed(self) -> None:
        self._view = None

    def _path(self, seq: int) -> Path:
        return self.folder / f"{seq:06}{ENVELOPE_SUFFIX}"


def _load_record(path: Path) -> _Record:
    try:
        with path.open("rb") as file:
            return decode_json(file.read(_MAX_RECORD_BYTES), _RECORD, "the stream's record")
    except (OSError, WireError) as error:
        raise StreamFolderError(f"{path.name}: {error}") from error


def _load_acknowledged(path: Path) -> list[str]:
    """Return the complete lines; a truncated last line is removed from the file."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_ACKNOWLEDGED_BYTES + 1)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StreamFolderError(f"{path.name}: {error}") from error
    whole = content[: content.rfind(b"\n") + 1]
    lines = whole.decode(errors="replace").splitlines()
    too_long = len(content) > _MAX_ACKNOWLEDGED_BYTES or len(lines) > MAX_ENVELOPES
    if too_long or not all(_LINE.fullmatch(line) for line in lines):
        raise StreamFolderError(f"{path.name}: not a list of digests")
    if len(whole) != len(content):
        write_atomically(path, whole)
    return lines
