"""Outcomes of rules on hosts, and reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "run_rules",
        sa.Column("run_arn", WORD, nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_arn", "digest", name="pk_run_rules"),
    )
    op.create_table(
        "rule_result",
        sa.Column("run_arn", WORD, nullable=False),
        sa.Column("agent_id", WORD, nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.Column("outcomes", WORD, nullable=False),
        sa.PrimaryKeyConstraint("run_arn", "agent_id", name="pk_rule_result"),
    )
    op.create_table(
        "report",
        sa.Column("id", WORD, nullable=False),
        sa.Column("run_arn", WORD, nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("format", WORD, nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("in_progress", WORD),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
        sa.UniqueConstraint("in_progress", name="uq_report_in_progress"),
    )
    op.create_index("ix_report_run_arn_requested_at", "report", ["run_arn", "requested_at"])
