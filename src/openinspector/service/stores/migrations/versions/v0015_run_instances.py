"""Instances of a run that send no telemetry in it."""

import sqlalchemy as sa
from alembic import op

from openinspector.service.stores.columns import Word

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the table. Earlier runs have none."""
    op.create_table(
        "run_instance",
        sa.Column("run_arn", Word, sa.ForeignKey("run.arn"), primary_key=True),
        sa.Column("instance_id", Word, primary_key=True),
    )
