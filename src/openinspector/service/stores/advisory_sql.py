"""Advisories in SQL: one compressed blob for each feed and stream, and for each feed and year of CVEs.

A run needs all advisories of a few streams at once and never a single one, so separate rows (forty thousand) would have
to be joined each time. A separate table lists the stored documents of each feed. With it, a sync parses only changed
documents and rewrites only the blobs that contain them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

import msgspec
import zstandard
from sqlalchemy import Connection, Engine, Row, Table, delete, func, insert, select, update

from openinspector.feed import Unparsed
from openinspector.garbage import no_garbage
from openinspector.model.advisory import Advisory, Fix, Status, VendorUpdate, Vulnerability
from openinspector.model.errors import StoreError
from openinspector.service.ports.advisory_store import Changes, FeedDump, FeedSnapshot, StoredDocument
from openinspector.service.stores.advisory_blob import (
    BlobPart,
    advisories_of,
    decode_parts,
    decode_vulnerabilities,
    encode_parts,
    encode_vulnerabilities,
    vulnerabilities_of,
    year_of,
)
from openinspector.service.stores.dialect import upsert
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.schema import ADVISORY_BLOB, FEED_DOCUMENTS, FEED_SNAPSHOT, VULNERABILITY_BLOB

_KEPT_UNPARSED: Final = 1000
"""Maximum number of unparsed entries stored per feed; all are counted."""


class _Known(msgspec.Struct, array_like=True, frozen=True):
    """A stored document: its number, digest and counts, and the blobs with parts of it."""

    number: int
    digest: str
    advisories: int
    unparsed: int
    streams: tuple[str, ...]
    years: tuple[str, ...]


_DOCUMENTS: Final = msgspec.msgpack.Decoder(dict[str, _Known])
_ENCODER: Final = msgspec.msgpack.Encoder()


@dataclass(slots=True)
class _New:
    """Additions by blob."""

    parts: dict[str, list[BlobPart]] = field(default_factory=lambda: defaultdict(list))
    years: dict[str, list[tuple[int, Vulnerability]]] = field(default_factory=lambda: defaultdict(list))
    unparsed: list[Unparsed] = field(default_factory=list)
    documents: dict[str, _Known] = field(default_factory=dict)


class SqlAdvisoryStore:
    """Stores the statements of feeds; each change is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def replace(self, snapshot: FeedSnapshot, advisories: Iterable[Advisory], unparsed: Sequence[Unparsed]) -> None:
        """Replace everything stored of the snapshot's feed by the statements of one document."""
        document = StoredDocument(name="", advisories=tuple(advisories), unparsed=tuple(unparsed))
        self.change(snapshot, Changes(documents=(document,), whole=True))

    def change(self, snapshot: FeedSnapshot, changes: Changes) -> FeedSnapshot:
        """Store changes of the snapshot's feed, and the snapshot with the resulting totals."""
        feed = snapshot.feed
        with writing(self._engine) as connection:
            known = {} if changes.whole else _documents(connection, feed)
            with no_garbage():
                new = _gather(changes.documents, 1 + max((one.number for one in known.values()), default=-1))
            gone = [known[name] for name in {*new.documents, *changes.removed} if name in known]
            kept = {name: one for name, one in known.items() if name not in changes.removed} | new.documents
            entries = _unparsed(connection, feed) if not changes.whole else ()
            fresh = {*new.documents, *changes.removed}
            entries = (*(entry for entry in entries if entry.document not in fresh), *new.unparsed)
            counted = replace(
                snapshot,
                advisories=sum(one.advisories for one in kept.values()),
                unparsed=sum(one.unparsed for one in kept.values()),
            )
            connection.execute(upsert(connection, FEED_SNAPSHOT, _row(counted, entries)))
            if changes.whole:
                _clear(connection, feed, set(new.parts) if changes.kept_streams else None)
            _rewrite_streams(connection, feed, new.parts, gone)
            _rewrite_years(connection, feed, new.years, gone)
            content = zstandard.compress(_ENCODER.encode(kept))
            connection.execute(upsert(connection, FEED_DOCUMENTS, {"feed": feed, "content": content}))
        return counted

    def documents(self, feed: str) -> Mapping[str, str]:
        """Return the digests of a feed's documents by name; empty for a feed that is parsed whole."""
        with reading(self._engine) as connection:
            return {name: one.digest for name, one in _documents(connection, feed).items() if one.digest}

    def fingerprints(self) -> Mapping[str, str]:
        """Return the fingerprint of each feed's stored state."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(FEED_SNAPSHOT.c.feed, FEED_SNAPSHOT.c.fingerprint))
            return {row.feed: row.fingerprint for row in rows}

    def days(self) -> Mapping[str, str]:
        """Return the day (ISO 8601, UTC) on which each feed was last fetched completely."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(FEED_SNAPSHOT.c.feed, FEED_SNAPSHOT.c.fetched_at))
            return {row.feed: row.fetched_at.date().isoformat() for row in rows}

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
        """Return the advisories that mention any of ``streams``, by feed and id.

        They contain only the fixes and statuses of these streams.
        """
        query = (
            select(ADVISORY_BLOB.c.feed, ADVISORY_BLOB.c.content)
            .where(ADVISORY_BLOB.c.stream.in_(sorted(set(streams))))
            .order_by(ADVISORY_BLOB.c.feed, ADVISORY_BLOB.c.stream)
        )
        with reading(self._engine) as connection:
            blobs = connection.execute(query).all()
        return advisories_of((feed, content) for feed, content in blobs)

    def vulnerabilities(self, identities: Collection[str]) -> Mapping[str, Vulnerability]:
        """Return these CVEs as all feeds together describe them; a CVE that no feed knows is absent."""
        wanted = frozenset(identities)
        query = (
            select(VULNERABILITY_BLOB.c.content)
            .where(VULNERABILITY_BLOB.c.year.in_(sorted({year_of(identity) for identity in wanted})))
            .order_by(VULNERABILITY_BLOB.c.feed, VULNERABILITY_BLOB.c.year)
        )
        with reading(self._engine) as connection:
            blobs = connection.scalars(query).all()
        return vulnerabilities_of(blobs, wanted)

    def streams(self) -> Sequence[str]:
        """Return every stream that an advisory mentions, sorted."""
        name = ADVISORY_BLOB.c.stream
        with reading(self._engine) as connection:
            return list(connection.scalars(select(name).distinct().order_by(name)))

    def sizes(self) -> Mapping[str, int]:
        """Return the size in bytes of each feed's stored statements."""
        sizes: dict[str, int] = defaultdict(int)
        with reading(self._engine) as connection:
            for table in (ADVISORY_BLOB, VULNERABILITY_BLOB, FEED_DOCUMENTS):
                query = select(table.c.feed, func.sum(func.length(table.c.content))).group_by(table.c.feed)
                for feed, size in connection.execute(query):
                    sizes[feed] += int(size)
        return dict(sizes)

    def dump(self, feed: str) -> FeedDump:
        """Return everything stored of a feed; StoreError if nothing is stored."""
        with reading(self._engine) as connection:
            row = connection.execute(select(FEED_SNAPSHOT).where(FEED_SNAPSHOT.c.feed == feed)).first()
            if row is None:
                raise StoreError(f"nothing is stored of {feed}", advice="Sync it first: openinspector feeds sync.")
            documents = connection.scalar(select(FEED_DOCUMENTS.c.content).where(FEED_DOCUMENTS.c.feed == feed))
            return FeedDump(
                snapshot=_snapshot(row),
                unparsed=tuple(row.unparsed_entries),
                streams=_blobs(connection, ADVISORY_BLOB, feed),
                years=_blobs(connection, VULNERABILITY_BLOB, feed),
                documents=documents or b"",
            )

    def load(self, dump: FeedDump) -> None:
        """Replace everything stored of the dump's feed; StoreError if the dump has another version."""
        feed = dump.snapshot.feed
        for content in dump.streams.values():
            for _ in decode_parts(content):
                pass
        for content in dump.years.values():
            decode_vulnerabilities(content)
        with writing(self._engine) as connection:
            connection.execute(upsert(connection, FEED_SNAPSHOT, _row(dump.snapshot, dump.unparsed)))
            _clear(connection, feed, None)
            for stream, content in dump.streams.items():
                _store(connection, ADVISORY_BLOB, feed, stream, content)
            for year, content in dump.years.items():
                _store(connection, VULNERABILITY_BLOB, feed, year, content)
            if dump.documents:
                connection.execute(upsert(connection, FEED_DOCUMENTS, {"feed": feed, "content": dump.documents}))

    def unparsed(self, feed: str) -> Sequence[Unparsed]:
        """Return the first thousand entries of a feed that could not be parsed."""
        with reading(self._engine) as connection:
            return _unparsed(connection, feed)


def _gather(documents: Iterable[StoredDocument], first: int) -> _New:
    """Return the statements of documents by blob. Equal values, of which a feed has millions, become one object."""
    new = _New()
    same: dict[object, object] = {}
    for number, document in enumerate(documents, start=first):
        streams: set[str] = set()
        for place, advisory in enumerate(document.advisories):
            for stream, part in _by_stream(advisory).items():
                fixes = same.setdefault(part.fixes, part.fixes)
                assert isinstance(fixes, tuple)
                kept = part if fixes is part.fixes else replace(part, fixes=fixes)
                new.parts[stream].append(BlobPart(document=number, place=place, advisory=kept))
                streams.add(stream)
        years = {year_of(one.id) for one in document.vulnerabilities}
        for one in document.vulnerabilities:
            new.years[year_of(one.id)].append((number, one))
        new.unparsed += islice(document.unparsed, max(0, _KEPT_UNPARSED - len(new.unparsed)))
        new.documents[document.name] = _Known(
            number,
            document.digest,
            len(document.advisories) + len(document.vulnerabilities),
            len(document.unparsed),
            tuple(sorted(streams)),
            tuple(sorted(years)),
        )
    return new


def _by_stream(advisory: Advisory) -> dict[str, Advisory]:
    fixes: dict[str, list[Fix]] = defaultdict(list)
    statuses: dict[str, list[Status]] = defaultdict(list)
    remedies: dict[str, list[VendorUpdate]] = defaultdict(list)
    for fix in advisory.fixes:
        fixes[fix.target.stream].append(fix)
    for status in advisory.statuses:
        statuses[status.target.stream].append(status)
    for remedy in advisory.remedies:
        remedies[remedy.target.stream].append(remedy)
    return {
        stream: replace(
            advisory, fixes=tuple(fixes[stream]), statuses=tuple(statuses[stream]), remedies=tuple(remedies[stream])
        )
        for stream in {**fixes, **statuses, **remedies}
    }


def _clear(connection: Connection, feed: str, streams: Collection[str] | None) -> None:
    """Delete everything stored of a feed, or only its statements about ``streams`` if some are given."""
    gone = delete(ADVISORY_BLOB).where(ADVISORY_BLOB.c.feed == feed)
    connection.execute(gone if streams is None else gone.where(ADVISORY_BLOB.c.stream.in_(sorted(streams))))
    connection.execute(delete(VULNERABILITY_BLOB).where(VULNERABILITY_BLOB.c.feed == feed))


def _rewrite_streams(
    connection: Connection, feed: str, new: Mapping[str, list[BlobPart]], gone: Collection[_Known]
) -> None:
    numbers = {one.number for one in gone}
    for stream in sorted({*new, *(stream for one in gone for stream in one.streams)}):
        stored = _stored(connection, ADVISORY_BLOB, feed, stream)
        parts = list(decode_parts(stored, without=numbers)) if stored is not None else []
        parts += new.get(stream, ())
        _store(connection, ADVISORY_BLOB, feed, stream, encode_parts(parts) if parts else None)


def _rewrite_years(
    connection: Connection, feed: str, new: Mapping[str, list[tuple[int, Vulnerability]]], gone: Collection[_Known]
) -> None:
    numbers = {one.number for one in gone}
    for year in sorted({*new, *(year for one in gone for year in one.years)}):
        stored = _stored(connection, VULNERABILITY_BLOB, feed, year)
        rows = [row for row in decode_vulnerabilities(stored) if row[0] not in numbers] if stored is not None else []
        rows += new.get(year, ())
        _store(connection, VULNERABILITY_BLOB, feed, year, encode_vulnerabilities(rows) if rows else None)


def _key(table: Table) -> str:
    return "stream" if table is ADVISORY_BLOB else "year"


def _blobs(connection: Connection, table: Table, feed: str) -> dict[str, bytes]:
    key = table.c[_key(table)]
    query = select(key, table.c.content).where(table.c.feed == feed).order_by(key)
    return {row[0]: row[1] for row in connection.execute(query)}


def _stored(connection: Connection, table: Table, feed: str, key: str) -> bytes | None:
    query = select(table.c.content).where(table.c.feed == feed, table.c[_key(table)] == key)
    content: bytes | None = connection.scalar(query)
    return content


def _store(connection: Connection, table: Table, feed: str, key: str, content: bytes | None) -> None:
    connection.execute(delete(table).where(table.c.feed == feed, table.c[_key(table)] == key))
    if content is not None:
        connection.execute(insert(table), {"feed": feed, _key(table): key, "content": content})


def _documents(connection: Connection, feed: str) -> dict[str, _Known]:
    content = connection.scalar(select(FEED_DOCUMENTS.c.content).where(FEED_DOCUMENTS.c.feed == feed))
    if content is None:
        return {}
    try:
        return _DOCUMENTS.decode(zstandard.decompress(content))
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        advice = "Synchronise the feed again: it replaces them."
        raise StoreError(f"the stored advisories of {feed} are damaged or of another version", advice=advice) from error


def _unparsed(connection: Connection, feed: str) -> tuple[Unparsed, ...]:
    query = select(FEED_SNAPSHOT.c.unparsed_entries).where(FEED_SNAPSHOT.c.feed == feed)
    entries: tuple[Unparsed, ...] = connection.scalar(query) or ()
    return entries


def _row(snapshot: FeedSnapshot, unparsed: Iterable[Unparsed]) -> dict[str, object]:
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
