"""Event subscriptions, webhooks and notifications; runs with unannounced states."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Make their tables. Earlier runs have nothing to announce until their state changes."""
    op.add_column("run", sa.Column("has_news", sa.SmallInteger(), nullable=False, server_default="0"))
    op.create_index("ix_run_has_news_created_at_arn", "run", ["has_news", "created_at", "arn"])
    op.create_table(
        "event_subscription",
        sa.Column("template_arn", WORD, nullable=False),
        sa.Column("topic_arn", WORD, nullable=False),
        sa.Column("event", WORD, nullable=False),
        sa.Column("subscribed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("template_arn", "topic_arn", "event", name="pk_event_subscription"),
    )
    op.create_table(
        "webhook",
        sa.Column("arn", WORD, nullable=False),
        sa.Column("template_arn", WORD, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("arn", name="pk_webhook"),
    )
    op.create_index("ix_webhook_created_at_arn", "webhook", ["created_at", "arn"])
    op.create_table(
        "notification",
        sa.Column("id", WORD, nullable=False),
        sa.Column("run_arn", WORD, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("event", WORD, nullable=False),
        sa.Column("subscriber", WORD, nullable=False),
        sa.Column("new_state", WORD),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.BigInteger()),
        sa.Column("status", WORD),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
    )
    op.create_index("ix_notification_run_arn", "notification", ["run_arn"])
    op.create_index("ix_notification_due_at_subscriber", "notification", ["due_at", "subscriber"])
    op.create_index("ix_notification_subscriber_due_at", "notification", ["subscriber", "due_at"])
