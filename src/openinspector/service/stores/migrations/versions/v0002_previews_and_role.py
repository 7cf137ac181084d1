"""Exclusions previews, and the registered role."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "exclusions_preview",
        sa.Column("token", WORD, nullable=False),
        sa.Column("template_arn", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("in_progress", WORD),
        sa.Column("exclusions", sa.Text()),
        sa.PrimaryKeyConstraint("token", name="pk_exclusions_preview"),
        sa.UniqueConstraint("in_progress", name="uq_exclusions_preview_in_progress"),
    )
    op.create_index("ix_exclusions_preview_created_at", "exclusions_preview", ["created_at"])
    op.create_table(
        "access_role",
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("arn", WORD, nullable=False),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_access_role"),
    )
