"""Spool: telemetry on disk until it is acknowledged; limited in bytes and age; survives a kill at any time.

- An envelope is stored before its number counts as used; a used number is never reused.
- Full: the newest envelope is refused, so that collected snapshots stay complete. Too old: dropped; the age is counted
  while the agent runs, by a monotonic clock: the wall clock of a host without a battery starts in 1970. A restart
  resets the age. An agent that restarts often keeps its telemetry up to the limit in bytes. Both are counted, and
  reported in every heartbeat and in the stream's manifest.
- A file that does not decode is moved to ``quarantine`` and counted; it never stops the agent.

Every method may be called from any thread and raises only SpoolError.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import Final

from openinspector.agent.files.atomic_file import make_private_folder
from openinspector.agent.session.stream import SpoolView, StreamOrder, StreamPhase
from openinspector.agent.spool.stream_folder import ENVELOPE_SUFFIX, StreamFolder, StreamFolderError
from openinspector.model.errors import OpenInspectorError, WireError
from openinspector.wire.message import Manifest, SpoolReport

QUARANTINE: Final = "quarantine"
MAX_QUARANTINED: Final = 16
REMEMBERED: Final = timedelta(days=2)
"""How long a closed stream is remembered."""
MAX_OVER: Final = 256
"""Limit on remembered closed streams."""


class SpoolError(OpenInspectorError):
    """The spool's folder cannot be read or written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolLimits:
    """Limits on bytes and age."""

    bytes: int
    age: timedelta


class Spool:
    """All streams of one agent, in one folder."""

    def __init__(self, folder: Path, agent_id: str, limits: SpoolLimits) -> None:
        self._folder = folder
        self._agent_id = agent_id
        self._limits = limits
        self._lock = RLock()
        self._streams: dict[str, StreamFolder] = {}
        self._dropped = 0
        with self._guarded():
            make_private_folder(folder)
            for path in sorted(folder.iterdir()):
                if path.name != QUARANTINE:
                    self._load(path)

    def view(self) -> SpoolView:
        """Return the spool as it is now."""
        with self._lock:
            return SpoolView(
                streams=MappingProxyType({arn: stream.view() for arn, stream in self._streams.items()}),
                report=SpoolReport(
                    bytes_used=self._bytes_used(),
                    bytes_limit=self._limits.bytes,
                    envelopes=sum(stream.envelopes for stream in self._streams.values()),
                    envelopes_dropped=self._dropped,
                ),
            )

    def open(self, order: StreamOrder) -> None:
        """Open a run's stream; no effect if it was opened before."""
        with self._guarded():
            if order.run_arn not in self._streams:
                self._make_room()
                folder = self._folder / hashlib.sha256(order.run_arn.encode()).hexdigest()[:32]
                self._streams[order.run_arn] = StreamFolder.create(folder, order)

    def append(self, run_arn: str, plaintext: bytes) -> bool:
        """Store the next envelope of a run's stream; False if it was refused, which is counted."""
        with self._guarded():
            stream = self._streams.get(run_arn)
            if stream is None or stream.phase is not StreamPhase.OPEN:
                return False
            try:
                envelope = stream.encode_next(self._agent_id, plaintext)
                if self._bytes_used() + len(envelope) <= self._limits.bytes:
                    stream.append(envelope)
                    return True
            except (WireError, OSError):
                pass  # too large, or the disk is full: refused as well
            self._dropped += 1
            stream.refuse()
            return False

    def begin_collection(self, run_arn: str) -> int:
        """Return the number of the run's collection that begins, from 1."""
        with self._guarded():
            return self._streams[run_arn].begin_collection()

    def read(self, run_arn: str, seq: int) -> bytes | None:
        """Return an envelope; None if it is missing or damaged, which is counted as lost."""
        with self._guarded():
            stream = self._streams.get(run_arn)
            if stream is None or seq not in stream.view().pending:
                return None
            envelope = stream.read(seq)
            if envelope is None:
                self._lose(stream, (seq,))
            return envelope

    def acknowledge(self, run_arn: str, watermark: int) -> None:
        """Remove a run's envelopes up to ``watermark``: the service has all except lost ones."""
        with self._guarded():
            self._streams[run_arn].acknowledge(watermark)

    def lose(self, run_arn: str, seqs: tuple[int, ...]) -> None:
        """Record that the service misses envelopes that no longer exist."""
        with self._guarded():
            self._lose(self._streams[run_arn], seqs)

    def finish(self, run_arn: str) -> None:
        """Mark a run's stream as complete."""
        with self._guarded():
            self._streams[run_arn].finish()

    def end(self, run_arn: str) -> None:
        """Remove a run's stream: it is closed or no longer wanted."""
        with self._guarded():
            self._streams[run_arn].end()

    def manifest(self, run_arn: str) -> Manifest:
        """Return the manifest of a run's stream."""
        with self._guarded():
            return self._streams[run_arn].manifest()

    def expire(self, now: datetime, monotonic: float) -> int:
        """Drop envelopes that are too old and forget streams closed long ago; return the number of envelopes.

        An envelope's age counts from the first call that sees it, in ``monotonic`` seconds: clock changes and downtime
        of the host do not age telemetry.
        """
        given_up = 0
        with self._guarded():
            for stream in tuple(self._streams.values()):
                old = stream.held_since(monotonic - self._limits.age.total_seconds(), monotonic)
                if old:
                    self._lose(stream, old)
                    given_up += len(old)
                if stream.phase is StreamPhase.OVER and now - stream.order.ends_at > REMEMBERED:
                    self._remove(stream)
        return given_up

    def _make_room(self) -> None:
        """Forget the oldest closed streams if there are too many."""
        over = [stream for stream in self._streams.values() if stream.phase is StreamPhase.OVER]
        for stream in sorted(over, key=lambda stream: stream.order.ends_at)[: max(0, len(over) - MAX_OVER + 1)]:
            self._remove(stream)

    def _bytes_used(self) -> int:
        return sum(stream.bytes_used for stream in self._streams.values())

    def _lose(self, stream: StreamFolder, seqs: tuple[int, ...]) -> None:
        before = stream.dropped
        stream.lose(seqs)
        self._dropped += stream.dropped - before

    def _load(self, folder: Path) -> None:
        try:
            stream, garbage = StreamFolder.load(folder)
        except StreamFolderError:
            self._quarantine((folder,))
            return
        self._quarantine(garbage)
        self._streams[stream.order.run_arn] = stream

    def _quarantine(self, garbage: tuple[Path, ...]) -> None:
        """Quarantine files or folders, count the envelopes among them, keep the newest few."""
        if not garbage:
            return
        quarantine = self._folder / QUARANTINE
        make_private_folder(quarantine)
        for path in garbage:
            self._dropped += sum(1 for file in (path, *path.glob("*")) if file.suffix == ENVELOPE_SUFFIX)
            goal = quarantine / f"{path.parent.name}-{path.name}"
            _erase(goal)
            path.rename(goal)
        kept = sorted(quarantine.iterdir(), key=lambda path: path.lstat().st_mtime)
        for path in kept[: max(0, len(kept) - MAX_QUARANTINED)]:
            _erase(path)

    def _remove(self, stream: StreamFolder) -> None:
        for path in stream.folder.iterdir():
            path.unlink(missing_ok=True)
        stream.folder.rmdir()
        del self._streams[stream.order.run_arn]

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except OSError as error:
                raise SpoolError(
                    f"the spool {self._folder} cannot be used: {error.strerror or error}",
                    advice="Is the disk full, or does the folder belong to another user?",
                ) from error


def _erase(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for inner in path.iterdir():
            _erase(inner)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
