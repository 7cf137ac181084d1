"""Rollout rings, and agents' reports on updates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

# The types as they are today: a migration must not change when `columns` does.
WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
JSON = sa.Text()
MICROSECONDS = sa.BigInteger()


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "rollout_ring",
        sa.Column("name", WORD, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("percentage", sa.Integer(), nullable=False),
        sa.Column("version", WORD, nullable=False),
        sa.Column("max_failure_percent", sa.Integer(), nullable=False),
        sa.Column("paused_because", WORD, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_rollout_ring"),
    )
    op.create_table(
        "update_report",
        sa.Column("agent_id", WORD, nullable=False),
        sa.Column("to_version", WORD, nullable=False),
        sa.Column("ring", WORD, nullable=False),
        sa.Column("from_version", WORD, nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("result", WORD, nullable=False),
        sa.Column("diagnostics", JSON, nullable=False),
        sa.Column("at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "to_version", name="pk_update_report"),
    )
    op.create_index("ix_update_report_ring_to_version", "update_report", ["ring", "to_version"])
