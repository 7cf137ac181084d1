"""Rename the number of reported findings in the stored progress of notifications."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Rename the member in place: progress is JSON text, and no other part of it can contain the quoted name."""
    op.execute("""UPDATE notification SET progress = replace(progress, '"told":', '"reported":')""")
