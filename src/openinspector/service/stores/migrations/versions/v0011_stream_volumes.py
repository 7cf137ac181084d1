"""Size of each stream, and a flag for streams that exceeded their limits."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns. Telemetry that runs in progress sent before is not counted."""
    op.add_column("envelope", sa.Column("size", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("stream", sa.Column("records", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("stream", sa.Column("size", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("stream", sa.Column("overflowed", sa.Boolean(), nullable=False, server_default=sa.false()))
