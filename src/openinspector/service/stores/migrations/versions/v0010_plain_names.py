"""Rename two columns: a finding's position, and runs whose states were not announced yet."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Rename the columns in place: rewriting the table of findings would take minutes."""
    op.execute("ALTER TABLE finding RENAME COLUMN spot TO position")
    op.drop_index("ix_run_has_news_created_at_arn", "run")
    op.execute("ALTER TABLE run RENAME COLUMN has_news TO unannounced")
    op.create_index("ix_run_unannounced_created_at_arn", "run", ["unannounced", "created_at", "arn"])
