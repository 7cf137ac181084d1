"""The telemetry store's simulator: the whole port, in memory."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.service.ports.telemetry_store import (
    Closings,
    Recorded,
    RunKey,
    StoredEnvelope,
    Stream,
    StreamLimits,
    Volume,
)
from openinspector.wire.telemetry import MessageType


class MemoryTelemetryStore:
    """Stores everything in dictionaries; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._keys: dict[RunArn, RunKey] = {}
        self._envelopes: dict[tuple[RunArn, AgentId, str, int], StoredEnvelope] = {}
        self._closed: dict[tuple[RunArn, AgentId, str], Stream] = {}

    def add_run_key(self, key: RunKey) -> None:
        """Add the wrapped key of a run; no effect if the run has or had one."""
        with self._lock:
            self._keys.setdefault(key.run_arn, key)

    def run_key(self, run: RunArn) -> RunKey | None:
        """Return the run's key; None if it has none or it was deleted."""
        with self._lock:
            key = self._keys.get(run)
            return key if key and key.deleted_at is None else None

    def delete_run_key(self, run: RunArn, at: datetime) -> bool:
        """Overwrite the wrapped key; return True if there was one."""
        with self._lock:
            key = self.run_key(run)
            if key is None:
                return False
            self._keys[run] = replace(key, wrapped=b"", deleted_at=at)
            return True

    def runs_deleted_after(self, moment: datetime) -> Sequence[RunArn]:
        """Return the runs whose key was deleted after ``moment``, in the order of deletion."""
        with self._lock:
            found = [(key.deleted_at, arn) for arn, key in self._keys.items() if key.deleted_at is not None]
            return [arn for at, arn in sorted(found) if at > moment]

    def run_keys_created_before(self, moment: datetime) -> Sequence[RunKey]:
        """Return existing keys created before ``moment``, oldest first."""
        with self._lock:
            found = [key for key in self._keys.values() if key.deleted_at is None and key.created_at < moment]
            return sorted(found, key=lambda key: (key.created_at, key.run_arn))

    def record(self, envelope: StoredEnvelope, limits: StreamLimits) -> Recorded:
        """Record an envelope."""
        with self._lock:
            place = (envelope.run_arn, envelope.agent_id, envelope.stream, envelope.seq)
            held = self._envelopes.get(place)
            if held is not None:
                return Recorded.SAME if held.digest == envelope.digest else Recorded.CONFLICT
            if self.run_key(envelope.run_arn) is None or place[:3] in self._closed:
                return Recorded.REFUSED
            whole = [*(one for key, one in self._envelopes.items() if key[:3] == place[:3]), envelope]
            if sum(one.records for one in whole) > limits.records or sum(one.size for one in whole) > limits.size:
                held_open = self._open_stream(*place[:3])
                self._closed[place[:3]] = replace(held_open, closed_at=envelope.received_at, overflowed=True)
                return Recorded.OVERFLOWED
            self._envelopes[place] = envelope
            return Recorded.NEW

    def digests(self, run: RunArn, agent: AgentId, stream: str) -> Mapping[int, str]:
        """Return digest by sequence number."""
        with self._lock:
            return {
                envelope.seq: envelope.digest for envelope in self.envelopes(run, agent) if envelope.stream == stream
            }

    def stream(self, run: RunArn, agent: AgentId, name: str) -> Stream | None:
        """Return one stream; None if nothing of it was ever stored."""
        found = [one for one in self.streams(run) if (one.agent_id, one.name) == (agent, name)]
        return found[0] if found else None

    def close_stream(self, run: RunArn, stream: Stream) -> None:
        """Close a stream; no effect if it is closed."""
        with self._lock:
            self._closed.setdefault((run, stream.agent_id, stream.name), stream)

    def streams(self, run: RunArn) -> Sequence[Stream]:
        """Return all streams of a run, by agent and name."""
        with self._lock:
            open_ones = {(agent, name) for of, agent, name, _ in self._envelopes if of == run}
            closed = {(agent, name): stream for (of, agent, name), stream in self._closed.items() if of == run}
            return [closed.get(place) or self._open_stream(run, *place) for place in sorted(open_ones | closed.keys())]

    def closings(self, run: RunArn, since: datetime | None) -> Closings:
        """Return the closed streams of a run; the times are the callers'."""
        with self._lock:
            found = [(one.closed_at, one.agent_id) for (of, *_), one in self._closed.items() if of == run]
            held = [(at, agent) for at, agent in found if at is not None and (since is None or at >= since)]
            return Closings(
                agents=frozenset(agent for _, agent in held), last=max((at for at, _ in held), default=None)
            )

    def envelopes(self, run: RunArn, agent: AgentId) -> Sequence[StoredEnvelope]:
        """Return the stored envelopes of one agent, by stream and sequence number."""
        with self._lock:
            return [
                self._envelopes[place] for place in sorted(self._envelopes) if place[0] == run and place[1] == agent
            ]

    def volumes(self, run: RunArn) -> Mapping[AgentId, Mapping[MessageType, Volume]]:
        """Return message counts and sizes of every agent that sent messages."""
        with self._lock:
            totals: dict[AgentId, dict[MessageType, Volume]] = {}
            for envelope in self._envelopes.values():
                if envelope.run_arn != run:
                    continue
                of_agent = totals.setdefault(envelope.agent_id, {})
                for kind, volume in envelope.volumes.items():
                    held = of_agent.get(kind, Volume(count=0, size=0))
                    of_agent[kind] = Volume(count=held.count + volume.count, size=held.size + volume.size)
            return totals

    def forget_run(self, run: RunArn) -> None:
        """Delete a run's envelopes and streams."""
        with self._lock:
            self._envelopes = {place: held for place, held in self._envelopes.items() if place[0] != run}
            self._closed = {place: held for place, held in self._closed.items() if place[0] != run}

    def _open_stream(self, run: RunArn, agent: AgentId, name: str) -> Stream:
        return Stream(agent_id=agent, name=name, watermark=self._watermark(run, agent, name), closed_at=None, dropped=0)

    def _watermark(self, run: RunArn, agent: AgentId, stream: str) -> int:
        held = self.digests(run, agent, stream)
        reached = 0
        while reached + 1 in held:
            reached += 1
        return reached
