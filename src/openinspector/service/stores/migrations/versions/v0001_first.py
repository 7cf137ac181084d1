"""The tables of version 0.1."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# The types as they are today: a migration must not change when `columns` does.
WORD = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
JSON = sa.Text()
MICROSECONDS = sa.BigInteger()
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    _create_assessments()
    _create_findings()
    _create_agents_and_telemetry()
    _create_advisories_and_keys()


def _create_assessments() -> None:
    op.create_table(
        "resource_group",
        sa.Column("arn", WORD, nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("created_at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("arn", name="pk_resource_group"),
    )
    op.create_table(
        "target",
        sa.Column("arn", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("resource_group_arn", WORD),
        sa.Column("created_at", MICROSECONDS, nullable=False),
        sa.Column("updated_at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("arn", name="pk_target"),
        sa.UniqueConstraint("name", name="uq_target_name"),
    )
    op.create_index("ix_target_created_at_arn", "target", ["created_at", "arn"])
    op.create_table(
        "template",
        sa.Column("arn", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("target_arn", WORD, nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
        sa.Column("rules_package_arns", JSON, nullable=False),
        sa.Column("user_attributes", JSON, nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("created_at", MICROSECONDS, nullable=False),
        sa.ForeignKeyConstraint(["target_arn"], ["target.arn"], name="fk_template_target_arn"),
        sa.PrimaryKeyConstraint("arn", name="pk_template"),
        sa.UniqueConstraint("target_arn", "name", name="uq_template_target_arn_name"),
    )
    op.create_index("ix_template_created_at_arn", "template", ["created_at", "arn"])
    op.create_table(
        "run",
        sa.Column("arn", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("template_arn", WORD, nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
        sa.Column("rules_package_arns", JSON, nullable=False),
        sa.Column("user_attributes", JSON, nullable=False),
        sa.Column("created_at", MICROSECONDS, nullable=False),
        sa.Column("state_changes", JSON, nullable=False),
        sa.Column("stop_action", WORD),
        sa.Column("finding_counts", JSON, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("state_changed_at", MICROSECONDS, nullable=False),
        sa.Column("started_at", MICROSECONDS),
        sa.Column("completed_at", MICROSECONDS),
        sa.ForeignKeyConstraint(["template_arn"], ["template.arn"], name="fk_run_template_arn"),
        sa.PrimaryKeyConstraint("arn", name="pk_run"),
        sa.UniqueConstraint("template_arn", "name", name="uq_run_template_arn_name"),
    )
    op.create_index("ix_run_created_at_arn", "run", ["created_at", "arn"])
    op.create_index("ix_run_state_created_at_arn", "run", ["state", "created_at", "arn"])
    op.create_index("ix_run_template_arn_created_at_arn", "run", ["template_arn", "created_at", "arn"])
    op.create_table(
        "run_agent",
        sa.Column("run_arn", WORD, nullable=False),
        sa.Column("agent_id", WORD, nullable=False),
        sa.ForeignKeyConstraint(["run_arn"], ["run.arn"], name="fk_run_agent_run_arn"),
        sa.PrimaryKeyConstraint("run_arn", "agent_id", name="pk_run_agent"),
    )
    op.create_table(
        "busy_agent",
        sa.Column("agent_id", WORD, nullable=False),
        sa.Column("run_arn", WORD, nullable=False),
        sa.ForeignKeyConstraint(["run_arn"], ["run.arn"], name="fk_busy_agent_run_arn"),
        sa.PrimaryKeyConstraint("agent_id", name="pk_busy_agent"),
    )
    op.create_index("ix_busy_agent_run_arn", "busy_agent", ["run_arn"])


def _create_findings() -> None:
    op.create_table(
        "result",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("run_arn", WORD, nullable=False),
        sa.Column("first_at", MICROSECONDS, nullable=False),
        sa.Column("last_at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_result"),
        sa.UniqueConstraint("run_arn", name="uq_result_run_arn"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_result_first_at", "result", ["first_at"])
    op.create_table(
        "text",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("result_id", NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", WORD, nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["result.id"], name="fk_text_result_id"),
        sa.PrimaryKeyConstraint("id", name="pk_text"),
        sa.UniqueConstraint("result_id", "digest", name="uq_text_result_id_digest"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "finding",
        sa.Column("result_id", NUMBER, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("attributes", WORD, nullable=False),
        sa.Column("user_attributes", WORD, nullable=False),
        sa.Column("rules_package", NUMBER, nullable=False),
        sa.Column("rule", NUMBER, nullable=False),
        sa.Column("agent", NUMBER, nullable=False),
        sa.Column("auto_scaling_group", NUMBER),
        sa.Column("asset", NUMBER, nullable=False),
        sa.Column("title", NUMBER, nullable=False),
        sa.Column("description", NUMBER, nullable=False),
        sa.Column("recommendation", NUMBER, nullable=False),
        sa.Column("evidence", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["result.id"], name="fk_finding_result_id"),
        sa.PrimaryKeyConstraint("result_id", "id", name="pk_finding"),
    )
    page = ["result_id", "created_at", "id", "severity", "rules_package", "rule", "agent", "auto_scaling_group"]
    op.create_index("ix_finding_page", "finding", page)
    op.create_table(
        "exclusion",
        sa.Column("arn", WORD, nullable=False),
        sa.Column("run_arn", WORD, nullable=False),
        sa.Column("preview", JSON, nullable=False),
        sa.PrimaryKeyConstraint("arn", name="pk_exclusion"),
    )
    op.create_index("ix_exclusion_run_arn_arn", "exclusion", ["run_arn", "arn"])


def _create_agents_and_telemetry() -> None:
    op.create_table(
        "enrolment_token",
        sa.Column("digest", WORD, nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("created_at", MICROSECONDS, nullable=False),
        sa.Column("expires_at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_enrolment_token"),
    )
    op.create_table(
        "agent",
        sa.Column("id", WORD, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("enrolled_at", MICROSECONDS, nullable=False),
        sa.Column("host", JSON, nullable=False),
        sa.Column("health_code", WORD, nullable=False),
        sa.Column("health_details", JSON, nullable=False),
        sa.Column("heartbeat_interval", MICROSECONDS, nullable=False),
        sa.Column("last_heartbeat_at", MICROSECONDS),
        sa.Column("auto_scaling_group", WORD),
        sa.Column("ami_id", WORD),
        sa.PrimaryKeyConstraint("id", name="pk_agent"),
        sa.UniqueConstraint("public_key", name="uq_agent_public_key"),
    )
    op.create_table(
        "run_key",
        sa.Column("run_arn", WORD, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MICROSECONDS, nullable=False),
        sa.Column("deleted_at", MICROSECONDS),
        sa.PrimaryKeyConstraint("run_arn", name="pk_run_key"),
    )
    op.create_index("ix_run_key_created_at", "run_key", ["created_at"])
    op.create_table(
        "envelope",
        sa.Column("run_arn", WORD, nullable=False),
        sa.Column("agent_id", WORD, nullable=False),
        sa.Column("stream", WORD, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", WORD, nullable=False),
        sa.Column("object_name", WORD, nullable=False),
        sa.Column("volumes", JSON, nullable=False),
        sa.Column("received_at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("run_arn", "agent_id", "stream", "seq", name="pk_envelope"),
    )
    op.create_table(
        "stream",
        sa.Column("run_arn", WORD, nullable=False),
        sa.Column("agent_id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("watermark", sa.Integer(), nullable=False),
        sa.Column("closed_at", MICROSECONDS),
        sa.Column("dropped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_arn", "agent_id", "name", name="pk_stream"),
    )


def _create_advisories_and_keys() -> None:
    op.create_table(
        "feed_snapshot",
        sa.Column("feed", WORD, nullable=False),
        sa.Column("fingerprint", WORD, nullable=False),
        sa.Column("origin", WORD, nullable=False),
        sa.Column("fetched_at", MICROSECONDS, nullable=False),
        sa.Column("published_at", MICROSECONDS),
        sa.Column("advisories", sa.Integer(), nullable=False),
        sa.Column("unparsed", sa.Integer(), nullable=False),
        sa.Column("validators", JSON, nullable=False),
        sa.Column("unparsed_entries", JSON, nullable=False),
        sa.PrimaryKeyConstraint("feed", name="pk_feed_snapshot"),
    )
    op.create_table(
        "advisory_blob",
        sa.Column("distribution", WORD, nullable=False),
        sa.Column("feed", WORD, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed_snapshot.feed"], name="fk_advisory_blob_feed"),
        sa.PrimaryKeyConstraint("distribution", "feed", name="pk_advisory_blob"),
    )
    op.create_index("ix_advisory_blob_feed", "advisory_blob", ["feed"])
    op.create_table(
        "access_key",
        sa.Column("id", WORD, nullable=False),
        sa.Column("user", WORD, nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("wrapped_secret", sa.LargeBinary(), nullable=False),
        sa.Column("actions", JSON, nullable=False),
        sa.Column("created_at", MICROSECONDS, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_key"),
        sa.UniqueConstraint("user", "slot", name="uq_access_key_user_slot"),
    )
