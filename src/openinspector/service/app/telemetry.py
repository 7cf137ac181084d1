"""Telemetry: accepted, sealed at once, opened in memory only, shredded after its retention time (F2.24, F3.2, F3.3).

- An envelope is decoded, counted by message type, compressed, sealed under its run's key and stored; then indexed.
- The same envelope again gets the same receipt; different content under its number is refused and raises an alarm.
- Envelopes are accepted in any order up to the limits of a stream. A window relative to the highest complete number
  would block a stream for ever once its agent lost an envelope.
- Plaintext is never written: not to the object store, not to the index, not to a log.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Final, Protocol

import msgspec
import structlog

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.model.errors import WireError
from openinspector.model.facts import HostFacts
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.app.counters import Counters
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.app.run_keys import RunKeys
from openinspector.service.app.vault import TelemetryVault
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.object_store import ObjectStore
from openinspector.service.ports.telemetry_store import (
    Recorded,
    StoredEnvelope,
    Stream,
    StreamLimits,
    TelemetryStore,
    Volume,
)
from openinspector.service.sealing.chunked import SealContext
from openinspector.wire.codec import decode_batch, decode_message, message_size
from openinspector.wire.envelope import EnvelopeHeader, chain_digest, decode_envelope
from openinspector.wire.facts import FactsTooLargeError, PackageMemory, build_facts
from openinspector.wire.message import Manifest, ManifestReply, Receipt
from openinspector.wire.telemetry import MessageType, TelemetryMessage, message_type

STREAM: Final = "collection"
"""The one stream an agent has in a run."""
MAX_ENVELOPES: Final = 4096
"""Per stream: together with the limit of an envelope, this bounds the storage that one host can use in a run.

Within the limit any number is accepted in any order: earlier ones may be lost for good, and the agent reports that at
the end.
"""
DEFAULT_LIMITS: Final = StreamLimits(records=1_000_000, size=256 * 1024 * 1024)
MAX_MISSING: Final = 1000
"""Numbers that one reply to a manifest lists. The agent gets the next ones with its next manifest."""
UNDECODED: Final = MessageType("OpenInspectorUndecoded")
"""Messages of a kind or shape this version does not know are counted under it."""

ACCEPTING: Final = frozenset(
    {
        AssessmentRunState.START_DATA_COLLECTION_PENDING,
        AssessmentRunState.START_DATA_COLLECTION_IN_PROGRESS,
        AssessmentRunState.COLLECTING_DATA,
        AssessmentRunState.STOP_DATA_COLLECTION_PENDING,
    }
)
"""States in which a run accepts telemetry: from the first instruction until the last stream is closed."""

_log = structlog.get_logger()


class RunStates(Protocol):
    """The part of the assessment store that telemetry needs."""

    def state_for(self, arn: RunArn, agent: AgentId) -> AssessmentRunState | None:
        """Return the state of a run; None if it does not exist or the agent does not take part in it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryStores:
    """Stores of telemetry and its index, and the limits per host and run."""

    index: TelemetryStore
    objects: ObjectStore
    runs: RunStates
    limits: StreamLimits = DEFAULT_LIMITS


class ShredReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """The telemetry of a run that was destroyed."""

    run_arn: str
    shredded_at: str
    """ISO 8601, UTC."""
    key_deleted: bool
    """False if it had been deleted before."""
    objects_deleted: int


class Telemetry:
    """The use cases around telemetry. Every method may be called from any thread."""

    def __init__(
        self, stores: TelemetryStores, keys: RunKeys, counters: Counters, clock: Clock, random: Callable[[int], bytes]
    ) -> None:
        self._index = stores.index
        self._limits = stores.limits
        self._runs = stores.runs
        self._vault = TelemetryVault(stores.objects, keys, random)
        self._packages = PackageMemory()
        self._counters = counters
        self._clock = clock

    def ingest(self, agent_id: AgentId, body: bytes) -> Receipt:
        """Store one envelope durably and return its receipt; WireError, RefusedError, StoreError."""
        header, plaintext = decode_envelope(body)
        run = self._check_place(agent_id, header)
        volumes = _volumes(plaintext)
        context = SealContext(
            run_arn=run, agent_id=agent_id, stream=header.stream, seq=header.seq, digest=header.digest
        )
        name = self._vault.put(context, plaintext)
        if name is None:
            raise _closed()
        envelope = StoredEnvelope(
            run_arn=run,
            agent_id=agent_id,
            stream=header.stream,
            seq=header.seq,
            digest=header.digest,
            object_name=name,
            size=header.size,
            volumes=volumes,
            received_at=self._clock.now(),
        )
        recorded = self._index.record(envelope, self._limits)
        if recorded is not Recorded.NEW:
            self._vault.discard(name)
            self._check_recorded(recorded, header)
        stream = self._index.stream(run, agent_id, header.stream)
        return Receipt(
            run_arn=header.run_arn,
            stream=header.stream,
            seq=header.seq,
            digest=header.digest,
            watermark=0 if stream is None else stream.watermark,
        )

    def close(self, agent_id: AgentId, manifest: Manifest) -> ManifestReply:
        """Close a stream, or return the first missing envelopes. Raises RefusedError.

        Envelopes that the agent reports as lost are not requested again. The chain is checked over the stored
        envelopes, except where an envelope that the agent reports as lost did arrive: then only the loss is counted.
        """
        run = self._check_run(agent_id, RunArn(manifest.run_arn))
        _check_stream(manifest.stream, manifest.count)
        held = self._index.digests(run, agent_id, manifest.stream)
        absent = [seq for seq in range(1, manifest.count + 1) if seq not in held]
        lost = max(0, manifest.dropped - manifest.unnumbered)
        if len(absent) > lost:
            unreported = [seq for seq in absent if seq > manifest.after] or absent
            return ManifestReply(closed=False, missing=tuple(unreported[:MAX_MISSING]))
        agrees = chain_digest([held[seq] for seq in sorted(held)]) == manifest.chain
        given_up_but_here = len(held) > manifest.count - lost
        if max(held, default=0) > manifest.count or not (agrees or (lost and given_up_but_here)):
            self._alarm("manifest-conflict", agent_id, run, manifest.count)
            raise RefusedError(
                RefusalCode.DIGEST_CONFLICT,
                "the manifest's chain is not that of the envelopes stored",
                advice="This host's telemetry of the run may be incomplete or altered; check both logs.",
            )
        closed = Stream(
            agent_id=agent_id,
            name=manifest.stream,
            watermark=_watermark(held),
            closed_at=self._clock.now(),
            dropped=manifest.dropped,
        )
        self._index.close_stream(run, closed)
        if manifest.dropped:
            self._counters.lost("envelopes-dropped", manifest.dropped)
        return ManifestReply(closed=True)

    def read(self, run: RunArn, agent_id: AgentId) -> Iterator[TelemetryMessage]:
        """Yield an agent's messages of a run in order, each envelope opened in memory; StoreError, SealError."""
        for envelope in self._index.envelopes(run, agent_id):
            yield from decode_batch(self._vault.open(envelope)).messages

    def facts_of(self, run: RunArn, agent_id: AgentId) -> HostFacts:
        """Return the facts of one host from its telemetry of a run; FactsTooLargeError if it sent too much."""
        stream = self._index.stream(run, agent_id, STREAM)
        if stream is not None and stream.overflowed:
            raise FactsTooLargeError(
                f"the host sent more than {self._limits.records} records or {self._limits.size} bytes"
            )
        return build_facts(agent_id, self.read(run, agent_id), self._packages)

    def run_began(self, run: RunArn) -> None:
        """Make the run's data key unless it has one."""
        self._vault.make_key(run)

    def run_ended(self, run: RunArn) -> None:
        """Forget the run's key in the clear."""
        self._vault.forget_key(run)

    def run_canceled(self, run: RunArn) -> None:
        """Shred the run's telemetry: it will not be evaluated."""
        self.shred(run)

    def shred(self, run: RunArn) -> ShredReceipt:
        """Destroy a run's telemetry: its wrapped key first, then the objects, then the index.

        Without the key no copy of the objects can be opened, including copies in backups. A backup that holds both the
        wrapped key and the master key survives; `shred_again` shreds what a restored database brings back. Other
        nodes drop the plaintext key when the change reaches them.
        May be repeated; `unfinished` returns the runs whose shredding was interrupted.
        """
        now = self._clock.now()
        try:
            self._vault.begin_shredding(run)
        finally:
            # Delete the key even if the object store does not answer.
            key_deleted = self._index.delete_run_key(run, now)
            self._vault.forget_key(run)
        deleted = self._vault.delete_objects(run)
        self._index.forget_run(run)
        self._vault.end_shredding(run)
        receipt = ShredReceipt(
            run_arn=run, shredded_at=now.isoformat(), key_deleted=key_deleted, objects_deleted=deleted
        )
        _log.info("telemetry shredded", receipt=msgspec.json.encode(receipt).decode())
        return receipt

    def unfinished(self, since: datetime) -> tuple[RunArn, ...]:
        """Return the runs whose shredding was interrupted.

        While the object store did not answer, nothing was recorded there: those runs are found by their keys, which
        were deleted after ``since``.
        """
        deleted = self._index.runs_deleted_after(since)
        recorded = self._vault.recorded(deleted)
        return (*self._vault.unfinished(), *(run for run in deleted if run not in recorded))

    def restored(self) -> tuple[RunArn, ...]:
        """Return the shredded runs whose keys are back, as after a restore of the database. StoreError."""
        held = [key.run_arn for key in self._index.run_keys_created_before(self._clock.now())]
        recorded = self._vault.recorded(held)
        return tuple(run for run in held if run in recorded)

    def shred_again(self) -> tuple[ShredReceipt, ...]:
        """Shred the restored runs. StoreError."""
        return tuple(self.shred(run) for run in self.restored())

    def _check_place(self, agent_id: AgentId, header: EnvelopeHeader) -> RunArn:
        if header.agent_id != agent_id:
            self._alarm("other-agent", agent_id, RunArn(header.run_arn), header.seq)
            raise RefusedError(RefusalCode.OTHER_AGENT, f"the envelope is of {header.agent_id}, not of {agent_id}")
        run = self._check_run(agent_id, RunArn(header.run_arn))
        _check_stream(header.stream, header.seq)
        return run

    def _check_run(self, agent_id: AgentId, arn: RunArn) -> RunArn:
        state = self._runs.state_for(arn, agent_id)
        if state is None:
            raise RefusedError(RefusalCode.NOT_IN_RUN, "this agent does not take part in such a run")
        if state not in ACCEPTING:
            raise RefusedError(
                RefusalCode.RUN_NOT_COLLECTING,
                f"the run is {state} and accepts no telemetry",
                advice="Discard its spool.",
            )
        return arn

    def _check_recorded(self, recorded: Recorded, header: EnvelopeHeader) -> None:
        if recorded is Recorded.CONFLICT:
            self._alarm("digest-conflict", AgentId(header.agent_id), RunArn(header.run_arn), header.seq)
            raise RefusedError(
                RefusalCode.DIGEST_CONFLICT,
                f"another envelope is stored under number {header.seq}",
                advice="Numbers must not be reused; look for a second agent with this host's key.",
            )
        if recorded is Recorded.OVERFLOWED:
            self._alarm("stream-overflow", AgentId(header.agent_id), RunArn(header.run_arn), header.seq)
        if recorded is not Recorded.SAME:
            raise _closed()

    def _alarm(self, kind: str, agent_id: AgentId, run: RunArn, seq: int) -> None:
        self._counters.alarm(kind)
        _log.warning("telemetry alarm", kind=kind, agent=agent_id, run=run, seq=seq)


def _watermark(held: Container[int]) -> int:
    """Return the highest n such that numbers 1 to n are held."""
    return next(n for n in count() if n + 1 not in held)


def _volumes(plaintext: bytes) -> dict[MessageType, Volume]:
    volumes: dict[MessageType, Volume] = {}
    for message in decode_batch(plaintext).messages:
        kind, size = _type_of(message), message_size(message)
        held = volumes.get(kind)
        volumes[kind] = Volume(count=held.count + 1 if held else 1, size=held.size + size if held else size)
    return volumes


def _type_of(message: TelemetryMessage) -> MessageType:
    try:
        return message_type(decode_message(message))
    except WireError:
        # An unknown record of a newer agent must not block the rest of its envelope; the facts count it as undecoded.
        return UNDECODED


def _check_stream(stream: str, seq: int) -> None:
    if stream != STREAM or seq > MAX_ENVELOPES:
        raise RefusedError(
            RefusalCode.INVALID_MESSAGE,
            f"number {seq} of stream {stream!r} is not accepted",
            advice=f"The stream is {STREAM!r}, of at most {MAX_ENVELOPES} envelopes.",
        )


def _closed() -> RefusedError:
    return RefusedError(
        RefusalCode.STREAM_CLOSED,
        "the stream is closed or holds too much, or the run's telemetry was shredded",
        advice="Discard its spool.",
    )
