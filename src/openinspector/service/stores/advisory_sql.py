"""Advisories in SQL: one compressed blob for each feed and stream, replaced and read whole.

A run needs all advisories of a few streams at once, and never one by itself: forty thousand rows would only be
put together again each time.
"""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

import msgspec
import zstandard
from sqlalchemy import Engine, Row, delete, insert, select, update

from openinspector.feed import Unparsed
from openinspector.model.advisory import Advisory, Fix, Status
from openinspector.model.errors import StoreError
from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.service.stores.dialect import upsert
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.schema import ADVISORY_BLOB, FEED_SNAPSHOT

_KEPT_UNPARSED: Final = 1000
"""Of each feed so many entries are kept that could not be understood; all are counted."""

_Numbered = tuple[int, Advisory]
"""An advisory and its place in its feed, by which its parts in several streams are put together again."""

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(list[_Numbered])


class SqlAdvisoryStore:
    """Stores one snapshot a feed; replacing is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def replace(self, snapshot: FeedSnapshot, advisories: Iterable[Advisory], unparsed: Sequence[Unparsed]) -> None:
        """Replace everything stored of the snapshot's feed."""
        blobs = [
            {"stream": stream, "feed": snapshot.feed, "content": _compress(numbered)}
            for stream, numbered in sorted(_by_stream(advisories).items())
        ]
        with writing(self._engine) as connection:
            connection.execute(upsert(connection, FEED_SNAPSHOT, _row(snapshot, unparsed)))
            connection.execute(delete(ADVISORY_BLOB).where(ADVISORY_BLOB.c.feed == snapshot.feed))
            if blobs:
                connection.execute(insert(ADVISORY_BLOB), blobs)

    def snapshots(self) -> Sequence[FeedSnapshot]:
        """Return all snapshots, by feed."""
        columns = [column for column in FEED_SNAPSHOT.columns if column.name != "unparsed_entries"]
        with reading(self._engine) as connection:
            return [_snapshot(row) for row in connection.execute(select(*columns).order_by(FEED_SNAPSHOT.c.feed))]

    def touch(self, feed: str, fetched_at: datetime) -> None:
        """Note that a feed was found unchanged."""
        with writing(self._engine) as connection:
            one = update(FEED_SNAPSHOT).where(FEED_SNAPSHOT.c.feed == feed)
            connection.execute(one.values(fetched_at=fetched_at))

    def advisories(self, streams: Sequence[str]) -> Sequence[Advisory]:
        """Return the advisories that state anything of ``streams``, by feed and id.

        Their fixes and statuses are those of these streams, by stream.
        """
        query = (
            select(ADVISORY_BLOB.c.feed, ADVISORY_BLOB.c.content)
            .where(ADVISORY_BLOB.c.stream.in_(sorted(set(streams))))
            .order_by(ADVISORY_BLOB.c.feed, ADVISORY_BLOB.c.stream)
        )
        with reading(self._engine) as connection:
            blobs = connection.execute(query).all()
        parts: dict[tuple[str, int], list[Advisory]] = {}
        with _no_garbage():
            for feed, content in blobs:
                for number, advisory in _decompress(content):
                    parts.setdefault((feed, number), []).append(advisory)
            return sorted(map(_join, parts.values()), key=lambda advisory: (advisory.feed, advisory.id))

    def streams(self) -> Sequence[str]:
        """Return every stream that some advisory states anything of, sorted."""
        name = ADVISORY_BLOB.c.stream
        with reading(self._engine) as connection:
            return list(connection.scalars(select(name).distinct().order_by(name)))

    def unparsed(self, feed: str) -> Sequence[Unparsed]:
        """Return what could not be understood of a feed: the first thousand entries."""
        query = select(FEED_SNAPSHOT.c.unparsed_entries).where(FEED_SNAPSHOT.c.feed == feed)
        with reading(self._engine) as connection:
            entries: Sequence[Unparsed] = connection.scalar(query) or ()
        return entries


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Spare the garbage collector hundreds of thousands of objects that are all kept: it takes 4 times as long."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _by_stream(advisories: Iterable[Advisory]) -> dict[str, list[_Numbered]]:
    blobs: dict[str, list[_Numbered]] = defaultdict(list)
    for number, advisory in enumerate(advisories):
        fixes: dict[str, list[Fix]] = defaultdict(list)
        statuses: dict[str, list[Status]] = defaultdict(list)
        for fix in advisory.fixes:
            fixes[fix.target.stream].append(fix)
        for status in advisory.statuses:
            statuses[status.target.stream].append(status)
        for stream in {**fixes, **statuses}:
            part = replace(advisory, fixes=tuple(fixes[stream]), statuses=tuple(statuses[stream]))
            blobs[stream].append((number, part))
    return blobs


def _join(parts: Sequence[Advisory]) -> Advisory:
    """Put together what is kept of one advisory for several streams."""
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0],
        fixes=tuple(fix for part in parts for fix in part.fixes),
        statuses=tuple(status for part in parts for status in part.statuses),
    )


def _compress(numbered: Sequence[_Numbered]) -> bytes:
    return zstandard.compress(_ENCODER.encode(numbered))


def _decompress(content: bytes) -> list[_Numbered]:
    try:
        return _DECODER.decode(zstandard.decompress(content))
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        advice = "Synchronise the feeds again: it replaces what is stored."
        raise StoreError("stored advisories are damaged or of another version", advice=advice) from error


def _row(snapshot: FeedSnapshot, unparsed: Sequence[Unparsed]) -> dict[str, object]:
    return {
        "feed": snapshot.feed,
        "fingerprint": snapshot.fingerprint,
        "origin": snapshot.origin,
        "fetched_at": snapshot.fetched_at,
        "published_at": snapshot.published_at,
        "advisories": snapshot.advisories,
        "unparsed": snapshot.unparsed,
        "validators": dict(snapshot.validators),
        "unparsed_entries": tuple(islice(unparsed, _KEPT_UNPARSED)),
    }


def _snapshot(row: Row[Any]) -> FeedSnapshot:
    return FeedSnapshot(
        feed=row.feed,
        fingerprint=row.fingerprint,
        origin=row.origin,
        fetched_at=row.fetched_at,
        published_at=row.published_at,
        advisories=row.advisories,
        unparsed=row.unparsed,
        validators=row.validators,
    )
