"""Nodes of an installation, and the secrets they share."""

import sqlalchemy as sa
from alembic import op

from openinspector.service.stores.columns import UtcDateTime, Word

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "node",
        sa.Column("id", Word, primary_key=True),
        sa.Column("address", Word, nullable=False),
        sa.Column("version", Word, nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
    )
    op.create_table(
        "shared_secret",
        sa.Column("name", Word, primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
    )
