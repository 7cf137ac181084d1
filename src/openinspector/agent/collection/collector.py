"""Runs sensors in the background, one collection at a time, and spools their records as they arrive.

The first collection of a run is spooled completely. Later ones hold complete snapshots of the sensors whose records
changed; if none did, nothing is spooled. A sensor that MonitoringStart names and that does not follow is unchanged.
"""

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from threading import Event as Flag
from threading import Thread
from typing import Final

from openinspector.agent.session.event import Collected, Event, Tick, Trouble
from openinspector.agent.spool.spool import Spool, SpoolError
from openinspector.model.errors import SensorError
from openinspector.model.inventory import MonitoringStart, SensorStatus
from openinspector.wire.codec import decode_message, encode_batch, encode_json, message_size
from openinspector.wire.telemetry import TelemetryMessage

FLUSH_BYTES: Final = 512 * 1024
FLUSH_SECONDS: Final = 1.0
CLOSE_SECONDS: Final = 5.0
_MESSAGE_OVERHEAD: Final = 128
_START: Final = MonitoringStart.__name__
_STATUS: Final = SensorStatus.__name__

Collect = Callable[[tuple[str, ...], int, Callable[[], bool]], Iterator[TelemetryMessage]]
"""Runs the named sensors once and yields their messages: (names, number of the collection, is it stopped?)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    run_arn: str
    sensors: tuple[str, ...]
    stopped: Flag


class Collector:
    """One background thread. ``emit`` is called from it: Tick when there is something to send, Collected at the end."""

    def __init__(
        self, collect: Collect, spool: Spool, emit: Callable[[Event], None], monotonic: Callable[[], float]
    ) -> None:
        self._collect = collect
        self._spool = spool
        self._emit = emit
        self._monotonic = monotonic
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._stops: dict[str, Flag] = {}
        self._sent: dict[str, dict[str, str]] = {}
        """Digest of the last spooled snapshot, by run and sensor."""
        self._thread: Thread | None = None

    def start(self, run_arn: str, sensors: tuple[str, ...]) -> None:
        """Queue a collection; it begins when the one before it ends."""
        self._stops[run_arn] = Flag()
        self._jobs.put(_Job(run_arn=run_arn, sensors=sensors, stopped=self._stops[run_arn]))
        if self._thread is None:
            self._thread = Thread(target=self._work, name="collector", daemon=True)
            self._thread.start()

    def stop(self, run_arn: str) -> None:
        """Stop a run's collection after the current record."""
        if run_arn in self._stops:
            self._stops[run_arn].set()

    def close(self) -> None:
        """Stop every collection and wait a moment, so that no child process outlives the agent."""
        for stopped in self._stops.values():
            stopped.set()
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(CLOSE_SECONDS)

    def forget(self, run_arn: str) -> None:
        """Drop the state of a run that has ended."""
        self._sent.pop(run_arn, None)
        self._stops.pop(run_arn, None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            whole = False
            try:
                whole = self._run(job)
            except (SpoolError, SensorError) as error:
                self._emit(Trouble(sentence=str(error)))
            except Exception as error:  # noqa: BLE001 - a defect must not end collecting for good; it is reported to the service
                self._emit(Trouble(sentence=f"A collection failed: {type(error).__name__}: {error}"))
            if not whole:
                self._sent.pop(job.run_arn, None)
            self._emit(Collected(run_arn=job.run_arn, whole=whole))

    def _run(self, job: _Job) -> bool:
        number = self._spool.begin_collection(job.run_arn)
        snapshot = _Snapshot(sent=self._sent.setdefault(job.run_arn, {}))
        batch = CollectionBatch(append=lambda plaintext: self._append(job, plaintext), monotonic=self._monotonic)
        with closing(_generator(self._collect(job.sensors, number, job.stopped.is_set))) as found:
            for message in found:
                for ready in snapshot.take(message):
                    batch.add(ready)
                if job.stopped.is_set() or batch.refused:
                    break
        batch.flush()
        return not job.stopped.is_set() and not batch.refused

    def _append(self, job: _Job, plaintext: bytes) -> bool:
        kept = self._spool.append(job.run_arn, plaintext)
        self._emit(Tick())
        return kept


def _generator(found: Iterator[TelemetryMessage]) -> Generator[TelemetryMessage, None, None]:
    """Wrap an iterator in a generator, so that it can be closed."""
    yield from found


@dataclass(slots=True)
class CollectionBatch:
    """Messages of one collection that are gathered for an envelope."""

    append: Callable[[bytes], bool]
    monotonic: Callable[[], float]
    messages: list[TelemetryMessage] = field(default_factory=list)
    size: int = 0
    since: float = 0.0
    refused: bool = False

    def add(self, message: TelemetryMessage) -> None:
        """Add a message; flush first if it would not fit."""
        size = message_size(message) + _MESSAGE_OVERHEAD
        if self.messages and self.size + size > FLUSH_BYTES:
            self.flush()
        if not self.messages:
            self.since = self.monotonic()
        self.messages.append(message)
        self.size += size
        if self.size >= FLUSH_BYTES or self.monotonic() - self.since >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Append the gathered messages, if any."""
        if self.messages and not self.refused:
            self.refused = not self.append(encode_batch(self.messages))
        self.messages = []
        self.size = 0


@dataclass(slots=True)
class _Snapshot:
    """Selects the messages of one collection to send: all of a sensor, or none if nothing changed."""

    sent: dict[str, str]
    start: list[TelemetryMessage] = field(default_factory=list)
    held: list[TelemetryMessage] = field(default_factory=list)
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def take(self, message: TelemetryMessage) -> list[TelemetryMessage]:
        """Return the messages that can be sent now that ``message`` is known."""
        if message.kind == _START:
            self.start = [message]
            return []
        self.held.append(message)
        if message.kind == _STATUS:
            return self._end(message)
        self.digest.update(message.kind.encode() + bytes(message.payload))
        # The first collection has nothing to be compared with, so nothing is held back.
        return [] if message.sensor in self.sent else self._release()

    def _end(self, message: TelemetryMessage) -> list[TelemetryMessage]:
        status = decode_message(message)
        assert isinstance(status, SensorStatus)
        # The duration does not count as a change.
        self.digest.update(encode_json(replace(status, duration_ms=0), "a status"))
        digest, self.digest = self.digest.hexdigest(), hashlib.sha256()
        if self.sent.get(message.sensor) == digest:
            self.held = []
            return []
        self.sent[message.sensor] = digest
        return self._release()

    def _release(self) -> list[TelemetryMessage]:
        released = self.start + self.held
        self.start, self.held = [], []
        return released
