"""Read one page of findings by merging the blocks that can contribute to it.

Blocks with matching bits are visited in the order of their first finding, until every remaining block begins after the
page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, literal, select, tuple_

from openinspector.model.arn import FindingArn, finding_arn
from openinspector.model.run_state import TERMINAL
from openinspector.service.ports.finding_store import FindingFilter
from openinspector.service.ports.page import Cursor, Page, PageRequest
from openinspector.service.stores.columns import from_micros, to_json, to_micros
from openinspector.service.stores.finding_schema import FINDING, FINDING_BITS, FINDING_BLOCK, RESULT, TEXT
from openinspector.service.stores.findings.bits import BLOCK, BitsKind, Condition, matching, places_of
from openinspector.service.stores.findings.bodies import SEVERITY_CODES
from openinspector.service.stores.findings.rows import stored_attributes
from openinspector.service.stores.findings.texts import digest
from openinspector.service.stores.query import in_batches
from openinspector.service.stores.schema import RUN

_BLOCKS_AT_FIRST: Final = 4
_BLOCKS_AT_A_TIME: Final = 256
_CHOOSING: Final = 2
"""Number of conditions, most selective first, that select blocks; planning more costs more than reading their bits."""
_PROBES: Final = 20
"""Places probed per query: the cube root of `BLOCK`, so that three queries find a place."""
_LAST: Final = "\U0010ffff"
"""Sorts after every id."""
OF_ENDED_RUNS: Final = select(RUN.c.state).where(RUN.c.arn == RESULT.c.run_arn).scalar_subquery().in_(sorted(TERMINAL))
"""The condition that a result's run has ended. A correlated subquery: a join would first list all ended runs."""


def read_finding_page(connection: Connection, wanted: FindingFilter, page: PageRequest) -> Page[FindingArn]:
    """Return one page of the findings that match ``wanted``."""
    most = page.limit + 1
    runs: dict[int, str] = {}
    positions: list[int] = []
    latest = -1
    for block, places in _places(connection, wanted, page.after):
        if len(positions) >= most and block.first_at > latest:
            break
        taken = [block.id * BLOCK + place for place in islice(places, most)]
        if taken:
            positions += taken
            runs[block.id] = block.run_arn
            latest = max(latest, block.last_at)
    found = sorted(
        (row.created_at, finding_arn(runs[row.position // BLOCK], row.id))  # type: ignore[arg-type]
        for some in in_batches(positions)
        for row in connection.execute(_keys(some))
    )
    shown = found[: page.limit]
    after = None
    if len(found) >= most and shown:
        created_at, arn = shown[-1]
        after = Cursor(created_at=from_micros(created_at), arn=arn)
    return Page(rows=[arn for _, arn in shown], next=after)


def matching_bits(connection: Connection, wanted: FindingFilter) -> Mapping[int, int]:
    """Return the bits of all findings that match ``wanted``, by block; omit blocks without any."""
    conditions = _conditions(wanted)
    choosing = conditions[:_CHOOSING]
    query = _blocks(wanted, None).where(*(condition(FINDING_BLOCK.c.id).exists() for condition in choosing))
    all_found: dict[int, int] = {}
    for blocks in _in_turn(connection, query):
        found = matching(connection, blocks, conditions)
        within = _within(connection, wanted, None, [block for block in blocks if block.id in found])
        all_found |= {block: bits for block, part in within.items() if (bits := found[block] & part)}
    return all_found


def _places(
    connection: Connection, wanted: FindingFilter, after: Cursor | None
) -> Iterator[tuple[Row[Any], Iterator[int]]]:
    """Yield blocks with the places of matching findings, the block with the earliest finding first."""
    conditions = _conditions(wanted)
    choosing = conditions[:_CHOOSING]
    query = _blocks(wanted, after).where(*(condition(FINDING_BLOCK.c.id).exists() for condition in choosing))
    for blocks in _in_turn(connection, query):
        found = matching(connection, blocks, conditions)
        within = _within(connection, wanted, after, [block for block in blocks if block.id in found])
        for block in blocks:
            yield block, places_of(found.get(block.id, 0) & within.get(block.id, 0))


def _in_turn(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    """Yield blocks in order, a few at first: most pages need no more than those."""
    place = tuple_(FINDING_BLOCK.c.first_at, FINDING_BLOCK.c.id)
    query = query.order_by(FINDING_BLOCK.c.first_at, FINDING_BLOCK.c.id)
    most, blocks = _BLOCKS_AT_FIRST, connection.execute(query.limit(_BLOCKS_AT_FIRST)).all()
    while blocks:
        yield blocks
        if len(blocks) < most:
            return
        last = tuple_(literal(blocks[-1].first_at), literal(blocks[-1].id))
        most = min(4 * most, _BLOCKS_AT_A_TIME)
        blocks = connection.execute(query.where(place > last).limit(most)).all()


def _blocks(wanted: FindingFilter, after: Cursor | None) -> Select[Any]:
    """Return the query for blocks that can contain matching findings."""
    query = select(FINDING_BLOCK, RESULT.c.run_arn).join(RESULT, RESULT.c.id == FINDING_BLOCK.c.result_id)
    if wanted.of_ended_runs:
        query = query.where(OF_ENDED_RUNS)
    if wanted.run_arns:
        query = query.where(RESULT.c.run_arn.in_(wanted.run_arns))
    if wanted.created.begin is not None:
        query = query.where(FINDING_BLOCK.c.last_at >= to_micros(wanted.created.begin))
    if wanted.created.end is not None:
        query = query.where(FINDING_BLOCK.c.first_at <= to_micros(wanted.created.end))
    if after is not None:
        query = query.where(FINDING_BLOCK.c.last_at >= to_micros(after.created_at))
    return query


def _within(
    connection: Connection, wanted: FindingFilter, after: Cursor | None, blocks: Sequence[Row[Any]]
) -> Mapping[int, int]:
    """Return for each block the bits of the places within the time range and after the cursor."""
    starts, ends = {block.id: 0 for block in blocks}, {block.id: block.size for block in blocks}
    if after is not None:
        behind = to_micros(after.created_at)
        cut = [(block, *_cursor_in(block, after)) for block in blocks if block.first_at <= behind]
        starts |= _places_after(connection, cut)
    if wanted.created.begin is not None:
        begin = to_micros(wanted.created.begin)
        for block, place in _places_after(connection, [(b, begin, "") for b in blocks if b.first_at < begin]).items():
            starts[block] = max(starts[block], place)
    if wanted.created.end is not None:
        end = to_micros(wanted.created.end)
        ends |= _places_after(connection, [(block, end, _LAST) for block in blocks if block.last_at > end])
    return {block: (1 << ends[block]) - 1 & -1 << starts[block] for block in starts}


def _cursor_in(block: Row[Any], cursor: Cursor) -> tuple[int, str]:
    """Return creation time and id of the cursor relative to a block's run; runs are ordered by ARN."""
    created_at, start = to_micros(cursor.created_at), finding_arn(block.run_arn, "")
    if cursor.arn.startswith(start):
        return created_at, cursor.arn[len(start) :]
    return created_at, "" if start > cursor.arn else _LAST


def _places_after(connection: Connection, cuts: Sequence[tuple[Row[Any], int, str]]) -> dict[int, int]:
    """Return for each block the first place after a time and id, or the block's size.

    All blocks are searched together, so that they take as few queries as one.
    """
    lows, highs = {block.id: 0 for block, _, _ in cuts}, {block.id: block.size for block, _, _ in cuts}
    limits = {block.id: (created_at, identifier) for block, created_at, identifier in cuts}
    while probes := [block * BLOCK + place for block in lows for place in _probes(lows[block], highs[block])]:
        found = (row for some in in_batches(probes) for row in connection.execute(_keys(some)))
        for row in found:
            block, place = divmod(row.position, BLOCK)
            if (row.created_at, row.id) <= limits[block]:
                lows[block] = max(lows[block], place + 1)
            else:
                highs[block] = min(highs[block], place)
    return lows


def _probes(low: int, high: int) -> Sequence[int]:
    """Return places that divide the range from ``low`` up to, not including, ``high``."""
    return range(low, high)[:: (high - low) // _PROBES + 1]


def _keys(positions: Sequence[int]) -> Select[Any]:
    return select(FINDING.c.position, FINDING.c.created_at, FINDING.c.id).where(FINDING.c.position.in_(positions))


def _conditions(wanted: FindingFilter) -> list[Condition]:
    texts_by_kind = (
        (BitsKind.AGENT, wanted.agent_ids),
        (BitsKind.RULE, wanted.rule_names),
        (BitsKind.AUTO_SCALING_GROUP, wanted.auto_scaling_groups),
        (BitsKind.RULES_PACKAGE, wanted.rules_package_arns),
    )
    found = [_has_text(BitsKind.ATTRIBUTE, (body,)) for body in stored_attributes(wanted.attributes)]
    found += [_has_text(BitsKind.USER_ATTRIBUTE, (body,)) for body in stored_attributes(wanted.user_attributes)]
    found += [_has_text(kind, map(to_json, texts)) for kind, texts in texts_by_kind if texts]
    return [*found, _has_severity(wanted)] if wanted.severities else found


def _has_text(kind: BitsKind, bodies: Iterable[str]) -> Condition:
    digests = list(map(digest, bodies))

    def bits(blocks: Sequence[int] | ColumnElement[int]) -> Select[Any]:
        block = FINDING_BLOCK.alias()
        query = select(FINDING_BITS.c.block, FINDING_BITS.c.bits).select_from(block)
        query = query.join(TEXT, TEXT.c.result_id == block.c.result_id).where(TEXT.c.digest.in_(digests))
        query = query.join(
            FINDING_BITS,
            (FINDING_BITS.c.kind == kind) & (FINDING_BITS.c.value == TEXT.c.id) & (FINDING_BITS.c.block == block.c.id),
        )
        return query.where(_among(block.c.id, blocks))

    return bits


def _has_severity(wanted: FindingFilter) -> Condition:
    values = [SEVERITY_CODES[one] for one in wanted.severities]

    def bits(blocks: Sequence[int] | ColumnElement[int]) -> Select[Any]:
        query = select(FINDING_BITS.c.block, FINDING_BITS.c.bits).where(FINDING_BITS.c.kind == BitsKind.SEVERITY)
        return query.where(FINDING_BITS.c.value.in_(values), _among(FINDING_BITS.c.block, blocks))

    return bits


def _among(column: ColumnElement[int], blocks: Sequence[int] | ColumnElement[int]) -> ColumnElement[bool]:
    return column == blocks if isinstance(blocks, ColumnElement) else column.in_(blocks)
