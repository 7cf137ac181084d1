"""How much a stream holds, and whether it was closed for holding too much."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns. What runs in progress have sent until now is not counted."""
    op.add_column("envelope", sa.Column("size", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("stream", sa.Column("records", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("stream", sa.Column("size", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("stream", sa.Column("overflowed", sa.Boolean(), nullable=False, server_default=sa.false()))
