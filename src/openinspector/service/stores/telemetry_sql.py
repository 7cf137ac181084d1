"""The index of sealed telemetry, and the wrapped keys of runs, in SQL."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, bindparam, delete, select, update

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.service.ports.change_store import ChangeKind
from openinspector.service.ports.telemetry_store import (
    Closings,
    Recorded,
    RunKey,
    StoredEnvelope,
    Stream,
    StreamLimits,
    Volume,
)
from openinspector.service.stores.change_sql import record_change
from openinspector.service.stores.dialect import add_new, database_now, insert_new, insert_or_keep
from openinspector.service.stores.engine import reading, reading_once, shred, writing
from openinspector.service.stores.schema import ENVELOPE, RUN_KEY, STREAM
from openinspector.wire.telemetry import MessageType

# Made once: every upload asks and tells these.
_HELD_KEY: Final = (
    select(RUN_KEY.c.run_arn)
    .where(RUN_KEY.c.run_arn == bindparam("run"), RUN_KEY.c.deleted_at.is_(None))
    .with_for_update(read=True)
)
_ENVELOPE_KEY: Final = tuple(column.name for column in ENVELOPE.primary_key)
_OF_STREAM: Final = (
    ENVELOPE.c.run_arn == bindparam("run"),
    ENVELOPE.c.agent_id == bindparam("agent"),
    ENVELOPE.c.stream == bindparam("stream"),
)
_DIGEST: Final = select(ENVELOPE.c.digest).where(*_OF_STREAM, ENVELOPE.c.seq == bindparam("seq"))
_DIGESTS: Final = select(ENVELOPE.c.seq, ENVELOPE.c.digest).where(*_OF_STREAM).order_by(ENVELOPE.c.seq)
_BEYOND: Final = select(ENVELOPE.c.seq).where(*_OF_STREAM, ENVELOPE.c.seq > bindparam("seq")).order_by(ENVELOPE.c.seq)
_SAME_STREAM: Final = (
    STREAM.c.run_arn == bindparam("run"),
    STREAM.c.agent_id == bindparam("agent"),
    STREAM.c.name == bindparam("stream"),
)
_STREAM: Final = select(STREAM).where(*_SAME_STREAM)
_CLOSED: Final = select(STREAM.c.agent_id, STREAM.c.noted_at).where(
    STREAM.c.run_arn == bindparam("run"), STREAM.c.noted_at.is_not(None)
)
_COUNT: Final = (
    update(STREAM)
    .where(*_SAME_STREAM)
    .values(watermark=bindparam("raised"), records=bindparam("all_records"), size=bindparam("all_bytes"))
)
_CLOSING: Final = update(STREAM).where(*_SAME_STREAM).values(closed_at=bindparam("at"), noted_at=bindparam("noted"))
_OVERFLOW: Final = _CLOSING.values(overflowed=True)
_CLOSE: Final = _CLOSING.values(dropped=bindparam("lost"))


class SqlTelemetryStore:
    """Stores the index of sealed telemetry and the wrapped keys."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_run_key(self, key: RunKey) -> None:
        """Add the wrapped key of a run; no effect if the run has or had one."""
        row = {
            "run_arn": key.run_arn,
            "wrapped": key.wrapped,
            "created_at": key.created_at,
            "deleted_at": key.deleted_at,
        }
        with writing(self._engine) as connection:
            connection.execute(insert_new(connection, RUN_KEY, ("run_arn",)), row)

    def run_key(self, run: RunArn) -> RunKey | None:
        """Return the run's key; None if it has none or it was deleted."""
        with reading(self._engine) as connection:
            row = connection.execute(select(RUN_KEY).where(*_key_in_force(run))).one_or_none()
        return None if row is None else _key(row)

    def delete_run_key(self, run: RunArn, at: datetime) -> bool:
        """Overwrite the wrapped key and record the time; return True if there was one."""
        overwritten = update(RUN_KEY).where(*_key_in_force(run)).values(wrapped=b"", deleted_at=at)
        with writing(self._engine) as connection:
            deleted = connection.execute(overwritten).rowcount == 1
            if deleted:
                record_change(connection, ChangeKind.RUN_SHREDDED, run)
        if deleted:
            shred(self._engine)
        return deleted

    def runs_deleted_after(self, moment: datetime) -> Sequence[RunArn]:
        """Return the runs whose key was deleted after ``moment``, in the order of deletion."""
        query = select(RUN_KEY.c.run_arn).where(RUN_KEY.c.deleted_at > moment)
        with reading_once(self._engine) as connection:
            rows = connection.scalars(query.order_by(RUN_KEY.c.deleted_at, RUN_KEY.c.run_arn))
            return [RunArn(arn) for arn in rows]

    def run_keys_created_before(self, moment: datetime) -> Sequence[RunKey]:
        """Return existing keys created before ``moment``, oldest first."""
        older = select(RUN_KEY).where(RUN_KEY.c.deleted_at.is_(None), RUN_KEY.c.created_at < moment)
        with reading(self._engine) as connection:
            rows = connection.execute(older.order_by(RUN_KEY.c.created_at, RUN_KEY.c.run_arn))
            return [_key(row) for row in rows]

    def record(self, envelope: StoredEnvelope, limits: StreamLimits) -> Recorded:
        """Record an envelope; the caller has stored its object already."""
        with writing(self._engine) as connection:
            if connection.scalar(_HELD_KEY, {"run": envelope.run_arn}) is None:
                return _known(connection, envelope) or Recorded.REFUSED
            stream = _hold_stream(connection, envelope.run_arn, envelope.agent_id, envelope.stream)
            if stream.closed_at is not None:
                return _known(connection, envelope) or Recorded.REFUSED
            if _exceeds(stream, envelope, limits):
                return _known(connection, envelope) or _overflow(connection, stream, envelope)
            if not add_new(connection, ENVELOPE, _ENVELOPE_KEY, _row(envelope)):
                return _known(connection, envelope) or Recorded.REFUSED
            _count(connection, stream, envelope)
        return Recorded.NEW

    def digests(self, run: RunArn, agent: AgentId, stream: str) -> Mapping[int, str]:
        """Return the digests of a stream's stored envelopes by sequence number."""
        one = {"run": run, "agent": agent, "stream": stream}
        with reading_once(self._engine) as connection:
            return {row.seq: row.digest for row in connection.execute(_DIGESTS, one)}

    def stream(self, run: RunArn, agent: AgentId, name: str) -> Stream | None:
        """Return one stream; None if nothing of it was ever stored."""
        with reading_once(self._engine) as connection:
            row = connection.execute(_STREAM, {"run": run, "agent": agent, "stream": name}).one_or_none()
        return None if row is None else _stream(row)

    def close_stream(self, run: RunArn, stream: Stream) -> None:
        """Close a stream; no effect if it is closed."""
        with writing(self._engine) as connection:
            held = _hold_stream(connection, run, stream.agent_id, stream.name)
            if held.closed_at is None:
                closed = {"at": stream.closed_at, "noted": database_now(connection), "lost": stream.dropped}
                connection.execute(_CLOSE, {**_place(held), **closed})

    def streams(self, run: RunArn) -> Sequence[Stream]:
        """Return all streams of a run, by agent and name."""
        query = select(STREAM).where(STREAM.c.run_arn == run).order_by(STREAM.c.agent_id, STREAM.c.name)
        with reading(self._engine) as connection:
            return [_stream(row) for row in connection.execute(query)]

    def closings(self, run: RunArn, since: datetime | None) -> Closings:
        """Return the streams of a run whose closing was noted at or after ``since``; None: all closed streams."""
        query = _CLOSED if since is None else _CLOSED.where(STREAM.c.noted_at >= since)
        with reading_once(self._engine) as connection:
            rows = connection.execute(query, {"run": run}).all()
        return Closings(
            agents=frozenset(row.agent_id for row in rows), last=max((row.noted_at for row in rows), default=None)
        )

    def envelopes(self, run: RunArn, agent: AgentId) -> Sequence[StoredEnvelope]:
        """Return the stored envelopes of one agent, by stream and sequence number."""
        query = select(ENVELOPE).where(ENVELOPE.c.run_arn == run, ENVELOPE.c.agent_id == agent)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(ENVELOPE.c.stream, ENVELOPE.c.seq))
            return [_envelope(row) for row in rows]

    def volumes(self, run: RunArn) -> Mapping[AgentId, Mapping[MessageType, Volume]]:
        """Return message counts and sizes of every agent that sent messages."""
        totals: dict[AgentId, dict[MessageType, Volume]] = defaultdict(dict)
        query = select(ENVELOPE.c.agent_id, ENVELOPE.c.volumes).where(ENVELOPE.c.run_arn == run)
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                _add_volumes(totals[row.agent_id], row.volumes)
        return dict(totals)

    def forget_run(self, run: RunArn) -> None:
        """Delete the envelopes and streams of a run."""
        with writing(self._engine) as connection:
            connection.execute(delete(ENVELOPE).where(ENVELOPE.c.run_arn == run))
            connection.execute(delete(STREAM).where(STREAM.c.run_arn == run))


def _known(connection: Connection, envelope: StoredEnvelope) -> Recorded | None:
    """Compare an envelope with the stored one of the same number; None if there is none."""
    one = {"run": envelope.run_arn, "agent": envelope.agent_id, "stream": envelope.stream, "seq": envelope.seq}
    digest = connection.scalar(_DIGEST, one)
    if digest is None:
        return None
    return Recorded.SAME if digest == envelope.digest else Recorded.CONFLICT


def _hold_stream(connection: Connection, run: RunArn, agent: AgentId, name: str) -> Row[Any]:
    """Return a stream's row, created if absent and locked until this transaction ends."""
    row = {
        "run_arn": run,
        "agent_id": agent,
        "name": name,
        "watermark": 0,
        "closed_at": None,
        "dropped": 0,
        "records": 0,
        "size": 0,
        "overflowed": False,
    }
    return connection.execute(insert_or_keep(connection, STREAM, "watermark"), row).one()


def _exceeds(stream: Row[Any], envelope: StoredEnvelope, limits: StreamLimits) -> bool:
    held: tuple[int, int] = stream.records, stream.size
    return held[0] + envelope.records > limits.records or held[1] + envelope.size > limits.size


def _overflow(connection: Connection, stream: Row[Any], envelope: StoredEnvelope) -> Recorded:
    """Close a stream that would exceed its limits."""
    noted = database_now(connection)
    connection.execute(_OVERFLOW, {**_place(stream), "at": envelope.received_at, "noted": noted})
    return Recorded.OVERFLOWED


def _count(connection: Connection, stream: Row[Any], envelope: StoredEnvelope) -> None:
    """Add a new envelope to its stream's totals."""
    in_order = envelope.seq == stream.watermark + 1
    counted = {
        "raised": _raised_watermark(connection, stream) if in_order else stream.watermark,
        "all_records": stream.records + envelope.records,
        "all_bytes": stream.size + envelope.size,
    }
    connection.execute(_COUNT, {**_place(stream), **counted})


def _raised_watermark(connection: Connection, stream: Row[Any]) -> int:
    """Advance the watermark up to the first missing envelope."""
    watermark: int = stream.watermark
    for seq in connection.scalars(_BEYOND, {**_place(stream), "seq": watermark}):
        if seq != watermark + 1:
            break
        watermark = seq
    return watermark


def _add_volumes(totals: dict[MessageType, Volume], volumes: Mapping[MessageType, Volume]) -> None:
    for kind, volume in volumes.items():
        before = totals.get(kind, Volume(count=0, size=0))
        totals[kind] = Volume(count=before.count + volume.count, size=before.size + volume.size)


def _key_in_force(run: RunArn) -> tuple[ColumnElement[bool], ...]:
    return RUN_KEY.c.run_arn == run, RUN_KEY.c.deleted_at.is_(None)


def _place(stream: Row[Any]) -> dict[str, str]:
    return {"run": stream.run_arn, "agent": stream.agent_id, "stream": stream.name}


def _key(row: Row[Any]) -> RunKey:
    return RunKey(run_arn=row.run_arn, wrapped=row.wrapped, created_at=row.created_at, deleted_at=row.deleted_at)


def _row(envelope: StoredEnvelope) -> dict[str, object]:
    return {
        "run_arn": envelope.run_arn,
        "agent_id": envelope.agent_id,
        "stream": envelope.stream,
        "seq": envelope.seq,
        "digest": envelope.digest,
        "object_name": envelope.object_name,
        "size": envelope.size,
        "volumes": dict(envelope.volumes),
        "received_at": envelope.received_at,
    }


def _envelope(row: Row[Any]) -> StoredEnvelope:
    return StoredEnvelope(
        run_arn=row.run_arn,
        agent_id=row.agent_id,
        stream=row.stream,
        seq=row.seq,
        digest=row.digest,
        object_name=row.object_name,
        size=row.size,
        volumes=row.volumes,
        received_at=row.received_at,
    )


def _stream(row: Row[Any]) -> Stream:
    return Stream(
        agent_id=row.agent_id,
        name=row.name,
        watermark=row.watermark,
        closed_at=row.closed_at,
        dropped=row.dropped,
        overflowed=row.overflowed,
    )
