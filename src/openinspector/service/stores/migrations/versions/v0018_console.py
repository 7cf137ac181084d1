"""The console: users, their sessions and one-time sign-in links; summaries of runs."""

import sqlalchemy as sa
from alembic import op

from openinspector.service.stores.columns import UtcDateTime, Word

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "console_user",
        sa.Column("name", Word, primary_key=True),
        sa.Column("role", Word, nullable=False),
        sa.Column("password", Word),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "console_session",
        sa.Column("digest", Word, primary_key=True),
        sa.Column("user", Word, sa.ForeignKey("console_user.name"), nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_console_session_user", "console_session", ["user"])
    op.create_table(
        "sign_in_link",
        sa.Column("digest", Word, primary_key=True),
        sa.Column("user", Word, sa.ForeignKey("console_user.name"), nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_sign_in_link_user", "sign_in_link", ["user"])
    op.create_table(
        "run_summary",
        sa.Column("run_arn", Word, primary_key=True),
        sa.Column("template_arn", Word, nullable=False),
        sa.Column("completed_at", UtcDateTime, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
    )
    op.create_index("ix_run_summary_completed_at_run_arn", "run_summary", ["completed_at", "run_arn"])
    op.create_index(
        "ix_run_summary_template_arn_completed_at_run_arn", "run_summary", ["template_arn", "completed_at", "run_arn"]
    )
