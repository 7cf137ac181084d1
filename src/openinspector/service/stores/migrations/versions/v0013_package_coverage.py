"""Coverage of packages by host, in numbers."""

import sqlalchemy as sa
from alembic import op

from openinspector.service.stores.columns import Word

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the table. Runs that were evaluated before have no coverage."""
    op.create_table(
        "package_coverage",
        sa.Column("run_arn", Word, primary_key=True),
        sa.Column("agent_id", Word, primary_key=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("scored", sa.Integer(), nullable=False),
        sa.Column("unscored", sa.Integer(), nullable=False),
        sa.Column("score_sources", sa.Text(), nullable=False),
        sa.Column("object_name", Word, nullable=False),
    )
