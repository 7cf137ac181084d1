"""Roles of nodes."""

import sqlalchemy as sa
from alembic import op

from openinspector.service.stores.columns import Word

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the column; nodes of older versions have every role."""
    op.add_column("node", sa.Column("roles", Word, nullable=False, server_default="gateway,api,console,worker"))
