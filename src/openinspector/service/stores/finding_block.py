"""Adds the findings of one run in blocks, and deletes them (ADR 48).

Findings that come a few at a time would make as many blocks: what is added takes up small blocks before it, so that a
run has few and each finding is written a few times at most.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, or_, select

from openinspector.service.stores.dialect import insert_many_new
from openinspector.service.stores.finding_bits import BLOCK, add_bits
from openinspector.service.stores.query import in_batches
from openinspector.service.stores.schema import FINDING, FINDING_BITS, FINDING_BLOCK, TEXT

_TAKEN_UP: Final = 2048
"""Findings of a block that is made of smaller ones, at most."""
_MOST_TAKEN_UP: Final = 16
"""Blocks at a time."""
_COLUMNS: Final = FINDING.columns.keys()
_ID: Final = _COLUMNS.index("id")
_CREATED_AT: Final = _COLUMNS.index("created_at")
_SPOT: Final = _COLUMNS.index("spot")

_Values = tuple[Any, ...]


def add_rows(connection: Connection, result_id: int, rows: Sequence[_Values]) -> None:
    """Add rows of new findings, without their spots. The caller holds the result."""
    together = [*rows, *_take_up(connection, result_id, len(rows))]
    together.sort(key=itemgetter(_CREATED_AT, _ID))
    for start in range(0, len(together), BLOCK):
        _add_block(connection, result_id, together[start : start + BLOCK])


def delete_rows(connection: Connection, result_id: int) -> None:
    """Delete the findings of a result with their blocks and texts. The caller holds the result."""
    blocks = select(FINDING_BLOCK.c.id).where(FINDING_BLOCK.c.result_id == result_id)
    _delete_bits(connection, connection.scalars(blocks).all())
    for table in (FINDING, FINDING_BLOCK, TEXT):
        connection.execute(delete(table).where(table.c.result_id == result_id))


def _add_block(connection: Connection, result_id: int, rows: Sequence[_Values]) -> None:
    block = {
        "result_id": result_id,
        "size": len(rows),
        "first_at": rows[0][_CREATED_AT],
        "last_at": rows[-1][_CREATED_AT],
    }
    number: int = connection.execute(insert(FINDING_BLOCK).returning(FINDING_BLOCK.c.id), block).scalar_one()
    placed = [(*row, number * BLOCK + place) for place, row in enumerate(rows)]
    insert_many_new(connection, FINDING, ("result_id", "id"), sorted(placed, key=itemgetter(_ID)))
    add_bits(connection, number, rows)


def _take_up(connection: Connection, result_id: int, size: int) -> Sequence[_Values]:
    """Remove the newest blocks that are no larger than what they join; return their rows without spots."""
    newest = select(FINDING_BLOCK.c.id, FINDING_BLOCK.c.size).where(FINDING_BLOCK.c.result_id == result_id)
    taken: list[int] = []
    for block in connection.execute(newest.order_by(FINDING_BLOCK.c.id.desc()).limit(_MOST_TAKEN_UP)):
        if block.size > size or block.size + size > _TAKEN_UP:
            break
        taken.append(block.id)
        size += block.size
    if not taken:
        return []
    inside = or_(*(FINDING.c.spot.between(block * BLOCK, block * BLOCK + BLOCK - 1) for block in taken))
    rows = [tuple(row[:_SPOT]) for row in connection.execute(select(FINDING).where(inside))]
    connection.execute(delete(FINDING).where(inside))
    _delete_bits(connection, taken)
    connection.execute(delete(FINDING_BLOCK).where(FINDING_BLOCK.c.id.in_(taken)))
    return rows


def _delete_bits(connection: Connection, blocks: Sequence[int]) -> None:
    for some in in_batches(blocks):
        connection.execute(delete(FINDING_BITS).where(FINDING_BITS.c.block.in_(some)))
