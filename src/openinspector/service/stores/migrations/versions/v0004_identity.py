"""Attested hosts, revoked keys, and agents that must attest again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
MICROSECONDS = sa.BigInteger()


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "attestation",
        sa.Column("agent_id", WORD, nullable=False),
        sa.Column("key_id", WORD),
        sa.Column("method", WORD, nullable=False),
        sa.Column("account", WORD, nullable=False),
        sa.Column("region", WORD, nullable=False),
        sa.Column("attested_at", MICROSECONDS, nullable=False),
        sa.Column("pending_time", MICROSECONDS),
        sa.PrimaryKeyConstraint("agent_id", name="pk_attestation"),
    )
    op.create_table(
        "revoked_key",
        sa.Column("key_id", WORD, nullable=False),
        sa.Column("agent_id", WORD, nullable=False),
        sa.Column("revoked_at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_revoked_key"),
    )
    op.create_table(
        "reattestation",
        sa.Column("agent_id", WORD, nullable=False),
        sa.Column("asked_at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("agent_id", name="pk_reattestation"),
    )
