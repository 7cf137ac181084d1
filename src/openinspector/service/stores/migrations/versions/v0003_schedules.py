"""Schedules."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "schedule",
        sa.Column("arn", WORD, nullable=False),
        sa.Column("template_arn", WORD, nullable=False),
        sa.Column("expression", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.SmallInteger(), nullable=False),
        sa.Column("last_run_arn", WORD),
        sa.Column("last_problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("arn", name="pk_schedule"),
    )
    op.create_index("ix_schedule_created_at_arn", "schedule", ["created_at", "arn"])
    op.create_index("ix_schedule_enabled_next_at", "schedule", ["enabled", "next_at"])
