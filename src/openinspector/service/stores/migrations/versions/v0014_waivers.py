"""Waivers and tailorings of templates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "waiver",
        sa.Column("arn", WORD, nullable=False),
        sa.Column("template_arn", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("from_file", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("arn", name="pk_waiver"),
    )
    op.create_index("ix_waiver_created_at_arn", "waiver", ["created_at", "arn"])
    op.create_table(
        "tailoring",
        sa.Column("template_arn", WORD, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("template_arn", name="pk_tailoring"),
    )
