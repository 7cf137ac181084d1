"""Changes that nodes tell each other, and when the closing of a stream was noted."""

import sqlalchemy as sa
from alembic import op

from openinspector.service.stores.columns import UtcDateTime, Word

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the table and the columns."""
    op.create_table(
        "change",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", Word, nullable=False),
        sa.Column("subject", Word, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.add_column("stream", sa.Column("noted_at", UtcDateTime))
    op.execute("UPDATE stream SET noted_at = closed_at")
    op.create_index("ix_stream_run_arn_noted_at", "stream", ["run_arn", "noted_at"])
