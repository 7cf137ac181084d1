"""Index of stored telemetry; the sealed bytes are in the object store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.wire.telemetry import MessageType


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Number and bytes of messages of one type (F3.8)."""

    count: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEnvelope:
    """One sealed upload."""

    run_arn: RunArn
    agent_id: AgentId
    stream: str
    seq: int
    digest: str
    """SHA-256 of the plaintext, hexadecimal."""
    object_name: str
    size: int
    """Bytes of the plaintext before compression."""
    volumes: Mapping[MessageType, Volume]
    received_at: datetime

    @property
    def records(self) -> int:
        """Number of messages."""
        return sum(volume.count for volume in self.volumes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """Limits of one stream."""

    records: int
    size: int
    """Bytes of plaintext."""


class Recorded(Enum):
    """Result of recording an envelope."""

    NEW = "new"
    SAME = "same"
    """Already stored with the same digest: return the same receipt."""
    CONFLICT = "conflict"
    """Already stored with another digest: refuse and raise an alarm."""
    REFUSED = "refused"
    """The run's key is gone or its stream is closed."""
    OVERFLOWED = "overflowed"
    """The stream would exceed its limits. It is closed now, and stays marked as overflowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream of one agent in one run."""

    agent_id: AgentId
    name: str
    watermark: int
    """Highest n such that envelopes 1 to n are stored."""
    closed_at: datetime | None
    dropped: int
    overflowed: bool = False
    """The host sent more than the limits allow, so the stream was closed without a manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKey:
    """The wrapped data key of a run; the plaintext is never stored."""

    run_arn: RunArn
    wrapped: bytes
    created_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closings:
    """Streams that were closed."""

    agents: frozenset[AgentId] = frozenset()
    last: datetime | None = None
    """When the last of them was noted, by the database's clock; None if there is none."""


class TelemetryStore(Protocol):
    """Stores the index of sealed telemetry and the wrapped keys."""

    def add_run_key(self, key: RunKey) -> None:
        """Add the wrapped key of a run; no effect if the run has or had one."""
        ...

    def run_key(self, run: RunArn) -> RunKey | None:
        """Return the run's key; None if it has none or it was deleted."""
        ...

    def delete_run_key(self, run: RunArn, at: datetime) -> bool:
        """Overwrite the wrapped key and record the time; return True if there was one."""
        ...

    def runs_deleted_after(self, moment: datetime) -> Sequence[RunArn]:
        """Return the runs whose key was deleted after ``moment``, in the order of deletion."""
        ...

    def run_keys_created_before(self, moment: datetime) -> Sequence[RunKey]:
        """Return existing keys created before ``moment``, oldest first."""
        ...

    def record(self, envelope: StoredEnvelope, limits: StreamLimits) -> Recorded:
        """Record an envelope whose object is already stored.

        A known envelope is SAME or CONFLICT even if a new one would be REFUSED.
        """
        ...

    def digests(self, run: RunArn, agent: AgentId, stream: str) -> Mapping[int, str]:
        """Return the digests of a stream's stored envelopes by sequence number."""
        ...

    def stream(self, run: RunArn, agent: AgentId, name: str) -> Stream | None:
        """Return one stream; None if nothing of it was ever stored."""
        ...

    def close_stream(self, run: RunArn, stream: Stream) -> None:
        """Close a stream; no effect if it is closed. The store computes the watermark."""
        ...

    def streams(self, run: RunArn) -> Sequence[Stream]:
        """Return all streams of a run, by agent and name."""
        ...

    def closings(self, run: RunArn, since: datetime | None) -> Closings:
        """Return the streams of a run whose closing was noted at or after ``since``; None: all closed streams."""
        ...

    def envelopes(self, run: RunArn, agent: AgentId) -> Sequence[StoredEnvelope]:
        """Return the stored envelopes of one agent, by stream and sequence number."""
        ...

    def volumes(self, run: RunArn) -> Mapping[AgentId, Mapping[MessageType, Volume]]:
        """Return message counts and sizes of every agent that sent messages."""
        ...

    def forget_run(self, run: RunArn) -> None:
        """Delete the envelopes and streams of a run."""
        ...
