"""Store findings in blocks, with bits for the values of filters, and move existing findings into blocks."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BLOCK = 8192
_ATTRIBUTE, _USER_ATTRIBUTE = 5, 6


def upgrade() -> None:
    """Make blocks and bits, assign every finding a position, and fill both."""
    op.create_table(
        "finding_block",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("result_id", NUMBER, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["result.id"], name="fk_finding_block_result_id"),
        sa.PrimaryKeyConstraint("id", name="pk_finding_block"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_finding_block_first_at_id", "finding_block", ["first_at", "id"])
    op.create_index("ix_finding_block_result_id_id", "finding_block", ["result_id", "id"])
    op.create_table(
        "finding_bits",
        sa.Column("block", NUMBER, nullable=False, autoincrement=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("value", NUMBER, nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block", "kind", "value", name="pk_finding_bits"),
        sqlite_with_rowid=False,
    )
    op.drop_index("ix_result_first_at", "result")
    op.add_column("finding", sa.Column("spot", sa.BigInteger(), nullable=True))
    _fill(op.get_bind())
    op.drop_index("ix_finding_page", "finding")
    with op.batch_alter_table("finding") as finding:
        finding.alter_column("spot", nullable=False)
    # Not in a batch: that would drop a table that others refer to.
    op.drop_column("result", "first_at")
    op.drop_column("result", "last_at")
    op.create_index("ix_finding_page", "finding", ["spot", "created_at", "id"])


def _fill(connection: sa.Connection) -> None:
    """Fill block by block, in the order of the old index: a run's findings may be more than memory holds."""
    behind = "SELECT * FROM finding WHERE result_id = :r AND (created_at, id) > (:at, :id)"
    query = sa.text(f"{behind} ORDER BY created_at, id LIMIT {BLOCK}")
    for (result_id,) in connection.execute(sa.text("SELECT id FROM result ORDER BY id")).all():
        last = {"at": -1, "id": ""}
        while rows := connection.execute(query, {"r": result_id, **last}).all():
            _make_block(connection, result_id, rows)
            last = {"at": rows[-1].created_at, "id": rows[-1].id}


def _make_block(connection: sa.Connection, result_id: int, rows: Sequence[sa.Row[Any]]) -> None:
    made = "INSERT INTO finding_block (result_id, size, first_at, last_at) VALUES (:r, :n, :a, :b) RETURNING id"
    bounds = {"r": result_id, "n": len(rows), "a": rows[0].created_at, "b": rows[-1].created_at}
    block = connection.execute(sa.text(made), bounds).scalar_one()
    positions = [{"s": block * BLOCK + place, "r": result_id, "i": row.id} for place, row in enumerate(rows)]
    connection.execute(sa.text("UPDATE finding SET spot = :s WHERE result_id = :r AND id = :i"), positions)
    bits: dict[tuple[int, int], int] = {}
    for place, row in enumerate(rows):
        for value in _values(row):
            bits[value] = bits.get(value, 0) | 1 << place
    stored = [
        {"b": block, "k": kind, "v": value, "n": b"\x01" + found.to_bytes(found.bit_length() // 8 + 1, "little")}
        for (kind, value), found in bits.items()
    ]
    connection.execute(sa.text("INSERT INTO finding_bits VALUES (:b, :k, :v, :n)"), stored)


def _values(row: sa.Row[Any]) -> set[tuple[int, int]]:
    single = (row.severity, row.rules_package, row.rule, row.agent, row.auto_scaling_group)
    found = {(kind, value) for kind, value in enumerate(single) if value is not None}
    found |= {(_ATTRIBUTE, int(number)) for number in row.attributes.split()}
    return found | {(_USER_ATTRIBUTE, int(number)) for number in row.user_attributes.split()}
