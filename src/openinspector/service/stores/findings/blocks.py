"""Add the findings of one run in blocks, and delete them.

Findings that arrive a few at a time would form as many blocks. New findings are therefore merged with the small blocks
before them: a run has few blocks, and a finding is rewritten a few times at most.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select

from openinspector.service.stores.dialect import insert_many_new
from openinspector.service.stores.finding_schema import FINDING, FINDING_BITS, FINDING_BLOCK, FINDING_BODY, TEXT
from openinspector.service.stores.findings.bits import BLOCK, add_bits
from openinspector.service.stores.findings.bodies import read_keys
from openinspector.service.stores.findings.rows import FindingRow
from openinspector.service.stores.query import in_batches

_MAX_MERGED: Final = 2048
"""Maximum number of findings in a block merged from smaller ones."""
_MAX_MERGED_BLOCKS: Final = 16
"""Maximum number of blocks merged at a time."""
_LIST_ORDER: Final = attrgetter("created_at", "id")


def add_rows(connection: Connection, result_id: int, rows: Sequence[FindingRow]) -> None:
    """Add unplaced rows of new findings. The caller has locked the result."""
    together = [*rows, *_take_small_blocks(connection, result_id, len(rows))]
    together.sort(key=_LIST_ORDER)
    for start in range(0, len(together), BLOCK):
        _add_block(connection, result_id, together[start : start + BLOCK])


def delete_rows(connection: Connection, result_id: int) -> None:
    """Delete the findings of a result with their blocks, bits, bodies and texts. The caller has locked the result."""
    blocks = select(FINDING_BLOCK.c.id).where(FINDING_BLOCK.c.result_id == result_id)
    _delete_bits(connection, connection.scalars(blocks).all())
    for table in (FINDING, FINDING_BLOCK, FINDING_BODY, TEXT):
        connection.execute(delete(table).where(table.c.result_id == result_id))


def _add_block(connection: Connection, result_id: int, rows: Sequence[FindingRow]) -> None:
    block = {
        "result_id": result_id,
        "size": len(rows),
        "first_at": rows[0].created_at,
        "last_at": rows[-1].created_at,
    }
    number: int = connection.execute(insert(FINDING_BLOCK).returning(FINDING_BLOCK.c.id), block).scalar_one()
    placed = [row._replace(position=number * BLOCK + place) for place, row in enumerate(rows)]
    insert_many_new(connection, FINDING, ("result_id", "id"), sorted(placed, key=attrgetter("id")))
    add_bits(connection, number, rows, read_keys(connection, {row.body for row in rows}))


def _take_small_blocks(connection: Connection, result_id: int, size: int) -> Sequence[FindingRow]:
    """Remove the newest blocks if each has at most as many findings as it joins; return their rows."""
    newest = select(FINDING_BLOCK.c.id, FINDING_BLOCK.c.size).where(FINDING_BLOCK.c.result_id == result_id)
    taken: list[int] = []
    for block in connection.execute(newest.order_by(FINDING_BLOCK.c.id.desc()).limit(_MAX_MERGED_BLOCKS)):
        if block.size > size or block.size + size > _MAX_MERGED:
            break
        taken.append(block.id)
        size += block.size
    if not taken:
        return []
    inside = or_(*(FINDING.c.position.between(block * BLOCK, block * BLOCK + BLOCK - 1) for block in taken))
    rows = [FindingRow._make(row) for row in connection.execute(select(FINDING).where(inside))]
    connection.execute(delete(FINDING).where(inside))
    _delete_bits(connection, taken)
    connection.execute(delete(FINDING_BLOCK).where(FINDING_BLOCK.c.id.in_(taken)))
    return rows


def _delete_bits(connection: Connection, blocks: Sequence[int]) -> None:
    for some in in_batches(blocks):
        connection.execute(delete(FINDING_BITS).where(FINDING_BITS.c.block.in_(some)))
