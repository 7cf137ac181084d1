"""The tables. `migrations` brings a database to this schema; a test compares the two.

- Times are microseconds since 1970 UTC. Values that are always read as a whole are JSON.
- Lists are paged by (created_at, arn). Each list has an index that begins with its most frequent filter.
- ``busy_agent`` has one row per agent of a run in progress: its primary key keeps an agent out of a second run.
- The tables of findings are in `stores.finding_schema` and explained in `stores.findings`; those of the console are
  in `stores.console_schema`.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    UniqueConstraint,
    false,
)

from openinspector.feed import Unparsed
from openinspector.model.agent import HostDescription
from openinspector.model.arn import RulesPackageArn
from openinspector.model.assessment import StateChange
from openinspector.model.asset import Tag
from openinspector.model.exclusion import ExclusionPreview
from openinspector.model.finding import Attribute, Severity
from openinspector.model.notification import InspectorEvent, Progress
from openinspector.model.tailoring import Tailoring
from openinspector.model.waiver import Waiver
from openinspector.service.ports.rule_result_store import CheckedRule
from openinspector.service.ports.telemetry_store import Volume
from openinspector.service.stores.columns import Json, Span, UtcDateTime, Word
from openinspector.service.stores.console_schema import SHARED_METADATA
from openinspector.wire.telemetry import MessageType

METADATA: Final = SHARED_METADATA

RESOURCE_GROUP: Final = Table(
    "resource_group",
    METADATA,
    Column("arn", Word, primary_key=True),
    Column("tags", Json(tuple[Tag, ...]), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

TARGET: Final = Table(
    "target",
    METADATA,
    Column("arn", Word, primary_key=True),
    Column("name", Word, nullable=False, unique=True),
    Column("resource_group_arn", Word),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "created_at", "arn"),
)

TEMPLATE: Final = Table(
    "template",
    METADATA,
    Column("arn", Word, primary_key=True),
    Column("name", Word, nullable=False),
    Column("target_arn", Word, ForeignKey(TARGET.c.arn), nullable=False),
    Column("duration_seconds", Integer, nullable=False),
    Column("rules_package_arns", Json(tuple[RulesPackageArn, ...]), nullable=False),
    Column("user_attributes", Json(tuple[Attribute, ...]), nullable=False),
    Column("tags", Json(tuple[Tag, ...]), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("target_arn", "name"),
    Index(None, "created_at", "arn"),
)

RUN: Final = Table(
    "run",
    METADATA,
    Column("arn", Word, primary_key=True),
    Column("name", Word, nullable=False),
    Column("template_arn", Word, ForeignKey(TEMPLATE.c.arn), nullable=False),
    Column("duration_seconds", Integer, nullable=False),
    Column("rules_package_arns", Json(tuple[RulesPackageArn, ...]), nullable=False),
    Column("user_attributes", Json(tuple[Attribute, ...]), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("state_changes", Json(tuple[StateChange, ...]), nullable=False),
    Column("stop_action", Word),
    Column("finding_counts", Json(dict[Severity, int]), nullable=False),
    # What `state_changes` says, repeated for filters.
    Column("state", Word, nullable=False),
    Column("state_changed_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    # 1 if the run entered a state that was not announced to subscribers yet.
    Column("unannounced", SmallInteger, nullable=False, server_default="0"),
    UniqueConstraint("template_arn", "name"),
    Index(None, "unannounced", "created_at", "arn"),
    Index(None, "created_at", "arn"),
    Index(None, "template_arn", "created_at", "arn"),
    Index(None, "state", "created_at", "arn"),
)

SCHEDULE: Final = Table(
    "schedule",
    METADATA,
    Column("arn", Word, primary_key=True),
    Column("template_arn", Word, nullable=False),
    Column("expression", Word, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("enabled", SmallInteger, nullable=False),
    Column("last_run_arn", Word),
    Column("last_problem", Json(str), nullable=False),
    Index(None, "created_at", "arn"),
    Index(None, "enabled", "next_at"),
)

EVENT_SUBSCRIPTION: Final = Table(
    "event_subscription",
    METADATA,
    Column("template_arn", Word, primary_key=True),
    Column("topic_arn", Word, primary_key=True),
    Column("event", Word, primary_key=True),
    Column("subscribed_at", UtcDateTime, nullable=False),
)

WEBHOOK: Final = Table(
    "webhook",
    METADATA,
    Column("arn", Word, primary_key=True),
    Column("template_arn", Word, nullable=False),
    Column("url", Json(str), nullable=False),
    Column("events", Json(tuple[InspectorEvent, ...]), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Index(None, "created_at", "arn"),
)

WAIVER: Final = Table(
    "waiver",
    METADATA,
    Column("arn", Word, primary_key=True),
    Column("template_arn", Word, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("content", Json(Waiver), nullable=False),
    Column("from_file", SmallInteger, nullable=False),
    Index(None, "created_at", "arn"),
)

TAILORING: Final = Table(
    "tailoring",
    METADATA,
    Column("template_arn", Word, primary_key=True),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("content", Json(Tailoring), nullable=False),
)

NOTIFICATION: Final = Table(
    "notification",
    METADATA,
    Column("id", Word, primary_key=True),
    Column("run_arn", Word, nullable=False),
    Column("place", Integer, nullable=False),
    Column("event", Word, nullable=False),
    Column("subscriber", Word, nullable=False),
    Column("new_state", Word),
    Column("happened_at", UtcDateTime, nullable=False),
    # Empty once nothing is left to do.
    Column("due_at", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("tried_at", UtcDateTime),
    Column("status", Word),
    Column("problem", Json(str), nullable=False),
    Column("progress", Json(Progress)),
    Index(None, "run_arn"),
    Index(None, "due_at", "subscriber"),
    Index(None, "subscriber", "due_at"),
)

RUN_AGENT: Final = Table(
    "run_agent",
    METADATA,
    Column("run_arn", Word, ForeignKey(RUN.c.arn), primary_key=True),
    Column("agent_id", Word, primary_key=True),
)

RUN_INSTANCE: Final = Table(
    "run_instance",
    METADATA,
    Column("run_arn", Word, ForeignKey(RUN.c.arn), primary_key=True),
    Column("instance_id", Word, primary_key=True),
)
"""Instances of a run that send no telemetry in it."""

BUSY_AGENT: Final = Table(
    "busy_agent",
    METADATA,
    Column("agent_id", Word, primary_key=True),
    Column("run_arn", Word, ForeignKey(RUN.c.arn), nullable=False),
    Index(None, "run_arn"),
)

EXCLUSION: Final = Table(
    "exclusion",
    METADATA,
    Column("arn", Word, primary_key=True),
    Column("run_arn", Word, nullable=False),
    Column("preview", Json(ExclusionPreview), nullable=False),
    Index(None, "run_arn", "arn"),
)

EXCLUSIONS_PREVIEW: Final = Table(
    "exclusions_preview",
    METADATA,
    Column("token", Word, primary_key=True),
    Column("template_arn", Word, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # The template's ARN until the preview is complete: each template has one in progress.
    Column("in_progress", Word, unique=True),
    Column("exclusions", Json(tuple[ExclusionPreview, ...])),
    Index(None, "created_at"),
)

RUN_RULES: Final = Table(
    "run_rules",
    METADATA,
    Column("run_arn", Word, primary_key=True),
    Column("digest", Word, primary_key=True),
    Column("rules", Json(tuple[CheckedRule, ...]), nullable=False),
)

RULE_RESULT: Final = Table(
    "rule_result",
    METADATA,
    Column("run_arn", Word, primary_key=True),
    Column("agent_id", Word, primary_key=True),
    # Which list of rules the letters follow.
    Column("digest", Word, nullable=False),
    Column("outcomes", Word, nullable=False),
)

PACKAGE_COVERAGE: Final = Table(
    "package_coverage",
    METADATA,
    Column("run_arn", Word, primary_key=True),
    Column("agent_id", Word, primary_key=True),
    Column("counts", Json(dict[str, int]), nullable=False),
    Column("scored", Integer, nullable=False),
    Column("unscored", Integer, nullable=False),
    Column("score_sources", Json(dict[str, str]), nullable=False),
    Column("object_name", Word, nullable=False),
)

REPORT: Final = Table(
    "report",
    METADATA,
    Column("id", Word, primary_key=True),
    Column("run_arn", Word, nullable=False),
    Column("type", Word, nullable=False),
    Column("format", Word, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("status", Word, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("wrapped_key", LargeBinary, nullable=False),
    # Run, type and format until the report has ended: each has one in progress.
    Column("in_progress", Word, unique=True),
    Index(None, "run_arn", "requested_at"),
)

ACCESS_ROLE: Final = Table(
    "access_role",
    METADATA,
    # 1: there is one role.
    Column("place", SmallInteger, primary_key=True, autoincrement=False),
    Column("arn", Word, nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
)

ENROLMENT_TOKEN: Final = Table(
    "enrolment_token",
    METADATA,
    Column("digest", Word, primary_key=True),
    Column("tags", Json(tuple[Tag, ...]), nullable=False),
    Column("uses_left", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

AGENT: Final = Table(
    "agent",
    METADATA,
    Column("id", Word, primary_key=True),
    Column("public_key", LargeBinary, nullable=False, unique=True),
    Column("tags", Json(tuple[Tag, ...]), nullable=False),
    Column("enrolled_at", UtcDateTime, nullable=False),
    Column("host", Json(HostDescription), nullable=False),
    Column("health_code", Word, nullable=False),
    Column("health_details", Json(str), nullable=False),
    Column("heartbeat_interval", Span, nullable=False),
    Column("last_heartbeat_at", UtcDateTime),
    Column("auto_scaling_group", Word),
    Column("ami_id", Word),
)

ATTESTATION: Final = Table(
    "attestation",
    METADATA,
    Column("agent_id", Word, primary_key=True),
    Column("key_id", Word),  # none: released, the next key to prove the instance is bound to it
    Column("method", Word, nullable=False),
    Column("account", Word, nullable=False),
    Column("region", Word, nullable=False),
    Column("attested_at", UtcDateTime, nullable=False),
    Column("pending_time", UtcDateTime),
)

REVOKED_KEY: Final = Table(
    "revoked_key",
    METADATA,
    Column("key_id", Word, primary_key=True),
    Column("agent_id", Word, nullable=False),
    Column("revoked_at", UtcDateTime, nullable=False),
)

REATTESTATION: Final = Table(
    "reattestation",
    METADATA,
    Column("agent_id", Word, primary_key=True),
    Column("asked_at", UtcDateTime, nullable=False),
)

RUN_KEY: Final = Table(
    "run_key",
    METADATA,
    Column("run_arn", Word, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    Index(None, "created_at"),
)

ENVELOPE: Final = Table(
    "envelope",
    METADATA,
    Column("run_arn", Word, primary_key=True),
    Column("agent_id", Word, primary_key=True),
    Column("stream", Word, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("digest", Word, nullable=False),
    Column("object_name", Word, nullable=False),
    Column("volumes", Json(dict[MessageType, Volume]), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("size", BigInteger, nullable=False, server_default="0"),
)

STREAM: Final = Table(
    "stream",
    METADATA,
    Column("run_arn", Word, primary_key=True),
    Column("agent_id", Word, primary_key=True),
    Column("name", Word, primary_key=True),
    Column("watermark", Integer, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("dropped", Integer, nullable=False),
    Column("records", BigInteger, nullable=False, server_default="0"),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("overflowed", Boolean, nullable=False, server_default=false()),
    Column("noted_at", UtcDateTime),
    Index(None, "run_arn", "noted_at"),
)

FEED_SNAPSHOT: Final = Table(
    "feed_snapshot",
    METADATA,
    Column("feed", Word, primary_key=True),
    Column("fingerprint", Word, nullable=False),
    Column("origin", Word, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("published_at", UtcDateTime),
    Column("advisories", Integer, nullable=False),
    Column("unparsed", Integer, nullable=False),
    Column("validators", Json(dict[str, str]), nullable=False),
    Column("unparsed_entries", Json(tuple[Unparsed, ...]), nullable=False),
)

ADVISORY_BLOB: Final = Table(
    "advisory_blob",
    METADATA,
    Column("stream", Word, primary_key=True),
    Column("feed", Word, ForeignKey(FEED_SNAPSHOT.c.feed), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Index(None, "feed"),
)

FEED_DOCUMENTS: Final = Table(
    "feed_documents",
    METADATA,
    Column("feed", Word, ForeignKey(FEED_SNAPSHOT.c.feed), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

VULNERABILITY_BLOB: Final = Table(
    "vulnerability_blob",
    METADATA,
    Column("year", Word, primary_key=True),
    Column("feed", Word, ForeignKey(FEED_SNAPSHOT.c.feed), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Index(None, "feed"),
)

ACCESS_KEY: Final = Table(
    "access_key",
    METADATA,
    Column("id", Word, primary_key=True),
    Column("user", Word, nullable=False),
    # 0 or 1: a user has at most two keys (F2.12).
    Column("slot", SmallInteger, nullable=False),
    Column("wrapped_secret", LargeBinary, nullable=False),
    Column("actions", Json(tuple[str, ...]), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("user", "slot"),
)

ROLLOUT_RING: Final = Table(
    "rollout_ring",
    METADATA,
    Column("name", Word, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("tags", Json(tuple[Tag, ...]), nullable=False),
    Column("percentage", Integer, nullable=False),
    Column("version", Word, nullable=False),
    Column("max_failure_percent", Integer, nullable=False),
    Column("paused_because", Word, nullable=False),
)

UPDATE_REPORT: Final = Table(
    "update_report",
    METADATA,
    Column("agent_id", Word, primary_key=True),
    Column("to_version", Word, primary_key=True),
    Column("ring", Word, nullable=False),
    Column("from_version", Word, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Column("result", Word, nullable=False),
    Column("diagnostics", Json(str), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index(None, "ring", "to_version"),
)
