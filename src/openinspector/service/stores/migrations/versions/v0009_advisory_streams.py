"""Advisories by stream, the digests of their documents, and vulnerabilities by year.

Stored advisories are dropped: their layout changed, and the next sync fetches them again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Drop what was stored of feeds, and make the new tables."""
    op.drop_table("advisory_blob")
    op.execute(sa.delete(sa.table("feed_snapshot")))
    op.create_table(
        "advisory_blob",
        sa.Column("stream", WORD, nullable=False),
        sa.Column("feed", WORD, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed_snapshot.feed"], name="fk_advisory_blob_feed"),
        sa.PrimaryKeyConstraint("stream", "feed", name="pk_advisory_blob"),
    )
    op.create_index("ix_advisory_blob_feed", "advisory_blob", ["feed"])
    op.create_table(
        "feed_documents",
        sa.Column("feed", WORD, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed_snapshot.feed"], name="fk_feed_documents_feed"),
        sa.PrimaryKeyConstraint("feed", name="pk_feed_documents"),
    )
    op.create_table(
        "vulnerability_blob",
        sa.Column("year", WORD, nullable=False),
        sa.Column("feed", WORD, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed_snapshot.feed"], name="fk_vulnerability_blob_feed"),
        sa.PrimaryKeyConstraint("year", "feed", name="pk_vulnerability_blob"),
    )
    op.create_index("ix_vulnerability_blob_feed", "vulnerability_blob", ["feed"])
