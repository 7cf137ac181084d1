"""One feed's statements about one stream, or about the CVEs of one year, as one compressed blob.

Many statements share a target, a list of fixes or the head of an advisory. Each of these is written once and read into
one object. The statements themselves are small records with references to them and the number of their document.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

import msgspec
import zstandard

from openinspector.garbage import no_garbage
from openinspector.model.advisory import (
    Advisory,
    Exploitability,
    Fix,
    FixState,
    KnownExploit,
    RecordState,
    Score,
    Status,
    Target,
    Vulnerability,
)
from openinspector.model.errors import StoreError

_LEVEL: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobPart:
    """An advisory of one document, with its statements about one stream only."""

    document: int
    place: int
    """Number of the advisory in its document: it joins the parts of one advisory in several streams."""
    advisory: Advisory


class _FixRow(msgspec.Struct, array_like=True, frozen=True):
    target: int
    version: str
    introduced: str = ""


class _StatusRow(msgspec.Struct, array_like=True, frozen=True):
    target: int
    state: str
    vulnerability: str = ""
    word: str = ""


class _PartRow(msgspec.Struct, array_like=True, frozen=True):
    document: int
    place: int
    head: int
    vulnerabilities: tuple[str, ...]
    fixes: int
    statuses: int


class _Blob(msgspec.Struct, array_like=True, frozen=True):
    targets: tuple[Target, ...]
    fixes: tuple[tuple[_FixRow, ...], ...]
    statuses: tuple[tuple[_StatusRow, ...], ...]
    heads: tuple[Advisory, ...]
    parts: tuple[_PartRow, ...]


_VulnerabilityRow = tuple[int, Vulnerability]


class _ScoreRow(msgspec.Struct, array_like=True, frozen=True):
    version: int
    base: float
    vector: int
    origin: int
    stream: int
    package: int


class _RatingRow(msgspec.Struct, array_like=True, frozen=True):
    document: int
    id: str
    state: int
    scores: tuple[_ScoreRow, ...] = ()
    cwes: tuple[int, ...] = ()
    aliases: tuple[str, ...] = ()
    description: str = ""
    epss: Exploitability | None = None
    kev: KnownExploit | None = None


class _Ratings(msgspec.Struct, array_like=True, frozen=True):
    texts: tuple[str, ...]
    rows: tuple[_RatingRow, ...]


_ENCODER: Final = msgspec.msgpack.Encoder()
_BLOB: Final = msgspec.msgpack.Decoder(_Blob)
_RATINGS: Final = msgspec.msgpack.Decoder(_Ratings)
_STATES: Final = tuple(RecordState)

K = TypeVar("K", bound=Hashable)


class _Table(Generic[K]):
    """Assigns a number to each distinct value."""

    def __init__(self) -> None:
        self.numbers: dict[K, int] = {}

    def number(self, value: K) -> int:
        return self.numbers.setdefault(value, len(self.numbers))


def encode_parts(parts: Iterable[BlobPart]) -> bytes:
    """Return the blob of a stream."""
    targets, heads = _Table[Target](), _Table[Advisory]()
    fixes, statuses = _Table[tuple[_FixRow, ...]](), _Table[tuple[_StatusRow, ...]]()
    rows = []
    for part in parts:
        advisory = part.advisory
        fix_rows = tuple(_FixRow(targets.number(fix.target), fix.version, fix.introduced) for fix in advisory.fixes)
        status_rows = tuple(
            _StatusRow(targets.number(one.target), one.state.value, one.vulnerability, one.word)
            for one in advisory.statuses
        )
        head = replace(advisory, vulnerabilities=(), fixes=(), statuses=())
        rows.append(
            _PartRow(
                part.document,
                part.place,
                heads.number(head),
                advisory.vulnerabilities,
                fixes.number(fix_rows),
                statuses.number(status_rows),
            )
        )
    blob = _Blob(
        tuple(targets.numbers), tuple(fixes.numbers), tuple(statuses.numbers), tuple(heads.numbers), tuple(rows)
    )
    return zstandard.compress(_ENCODER.encode(blob), _LEVEL)


def decode_parts(content: bytes, without: Collection[int] = ()) -> Iterator[BlobPart]:
    """Yield the parts of a stream's blob, except those of some documents; StoreError if it is damaged."""
    try:
        blob = _BLOB.decode(zstandard.decompress(content))
        fixes = [tuple(_fix(row, blob.targets) for row in rows) for rows in blob.fixes]
        statuses = [tuple(_status(row, blob.targets) for row in rows) for rows in blob.statuses]
        for row in blob.parts:
            if row.document not in without:
                advisory = _joined(blob.heads[row.head], row.vulnerabilities, fixes[row.fixes], statuses[row.statuses])
                yield BlobPart(document=row.document, place=row.place, advisory=advisory)
    except (zstandard.ZstdError, msgspec.MsgspecError, IndexError, ValueError) as error:
        raise _damaged() from error


def encode_vulnerabilities(rows: Sequence[_VulnerabilityRow]) -> bytes:
    """Return the blob of a year: (document, vulnerability)."""
    texts = _Table[str]()
    written = tuple(
        _RatingRow(
            document,
            one.id,
            _STATES.index(one.state),
            tuple(
                _ScoreRow(
                    texts.number(score.version),
                    score.base,
                    texts.number(score.vector),
                    texts.number(score.origin),
                    texts.number(score.stream),
                    texts.number(score.package),
                )
                for score in one.scores
            ),
            tuple(texts.number(cwe) for cwe in one.cwes),
            one.aliases,
            one.description,
            one.epss,
            one.kev,
        )
        for document, one in rows
    )
    return zstandard.compress(_ENCODER.encode(_Ratings(tuple(texts.numbers), written)), _LEVEL)


def decode_vulnerabilities(content: bytes, wanted: Collection[str] | None = None) -> list[_VulnerabilityRow]:
    """Return the vulnerabilities of a year's blob, or only those ``wanted``; StoreError if it is damaged."""
    try:
        ratings = _RATINGS.decode(zstandard.decompress(content))
        return [
            (row.document, _vulnerability(row, ratings.texts))
            for row in ratings.rows
            if wanted is None or row.id in wanted
        ]
    except (zstandard.ZstdError, msgspec.MsgspecError, IndexError) as error:
        raise _damaged() from error


def advisories_of(blobs: Iterable[tuple[str, bytes]]) -> Sequence[Advisory]:
    """Return the advisories of (feed, blob of a stream), by feed and id; StoreError if a blob is damaged.

    Blobs are sorted by feed and stream. An advisory in several blobs gets the statements of all of them.
    """
    parts: dict[tuple[str, int, int], list[Advisory]] = {}
    with no_garbage():
        for feed, content in blobs:
            for part in decode_parts(content):
                parts.setdefault((feed, part.document, part.place), []).append(part.advisory)
        return sorted(map(_merged, parts.values()), key=lambda advisory: (advisory.feed, advisory.id))


def vulnerabilities_of(blobs: Iterable[bytes], wanted: Collection[str]) -> Mapping[str, Vulnerability]:
    """Return the CVEs ``wanted`` from blobs of years, sorted by feed; StoreError if a blob is damaged."""
    found: dict[str, Vulnerability] = {}
    with no_garbage():
        for content in blobs:
            for _, one in decode_vulnerabilities(content, wanted):
                known = found.get(one.id)
                found[one.id] = one if known is None else known.merge(one)
    return found


def year_of(identity: str) -> str:
    """Return the key of the blob that holds a CVE: ``2026``; an empty text for any other id."""
    return identity[4:8] if identity.startswith("CVE-") else ""


def _merged(parts: Sequence[Advisory]) -> Advisory:
    """Return one advisory, joined from its parts in several streams."""
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0],
        fixes=tuple(fix for part in parts for fix in part.fixes),
        statuses=tuple(status for part in parts for status in part.statuses),
        remedies=tuple(remedy for part in parts for remedy in part.remedies),
    )


def _vulnerability(row: _RatingRow, texts: Sequence[str]) -> Vulnerability:
    return Vulnerability(
        id=row.id,
        state=_STATES[row.state],
        aliases=row.aliases,
        scores=tuple(
            Score(
                version=texts[score.version],
                base=score.base,
                vector=texts[score.vector],
                origin=texts[score.origin],
                stream=texts[score.stream],
                package=texts[score.package],
            )
            for score in row.scores
        ),
        cwes=tuple(texts[cwe] for cwe in row.cwes),
        description=row.description,
        epss=row.epss,
        kev=row.kev,
    )


def _damaged() -> StoreError:
    advice = "Synchronise the feeds again: it replaces what is stored."
    return StoreError("stored advisories are damaged or of another version", advice=advice)


def _joined(
    head: Advisory, vulnerabilities: tuple[str, ...], fixes: tuple[Fix, ...], statuses: tuple[Status, ...]
) -> Advisory:
    return Advisory(
        id=head.id,
        feed=head.feed,
        vulnerabilities=vulnerabilities,
        fixes=fixes,
        statuses=statuses,
        remedies=head.remedies,
        summary=head.summary,
        severity=head.severity,
        priority=head.priority,
        scores=head.scores,
        cwes=head.cwes,
        restart=head.restart,
        references=head.references,
        published=head.published,
        modified=head.modified,
    )


def _fix(row: _FixRow, targets: Sequence[Target]) -> Fix:
    return Fix(target=targets[row.target], version=row.version, introduced=row.introduced)


def _status(row: _StatusRow, targets: Sequence[Target]) -> Status:
    return Status(target=targets[row.target], state=FixState(row.state), vulnerability=row.vulnerability, word=row.word)
