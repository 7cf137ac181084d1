"""The tables of the console: users, and summaries of runs; and the metadata that they share with all other tables."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Table

from openinspector.model.run_summary import RunContent
from openinspector.service.stores.columns import Json, UtcDateTime, Word
from openinspector.service.stores.finding_schema import METADATA

SHARED_METADATA: Final = METADATA

CONSOLE_USER: Final = Table(
    "console_user",
    METADATA,
    Column("name", Word, primary_key=True),
    Column("role", Word, nullable=False),
    Column("password", Word),
    Column("created_at", UtcDateTime, nullable=False),
)

CONSOLE_SESSION: Final = Table(
    "console_session",
    METADATA,
    Column("digest", Word, primary_key=True),
    Column("user", Word, ForeignKey(CONSOLE_USER.c.name), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Index(None, "user"),
)

SIGN_IN_LINK: Final = Table(
    "sign_in_link",
    METADATA,
    Column("digest", Word, primary_key=True),
    Column("user", Word, ForeignKey(CONSOLE_USER.c.name), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "user"),
)

RUN_SUMMARY: Final = Table(
    "run_summary",
    METADATA,
    Column("run_arn", Word, primary_key=True),
    Column("template_arn", Word, nullable=False),
    Column("completed_at", UtcDateTime, nullable=False),
    Column("content", Json(RunContent), nullable=False),
    Index(None, "completed_at", "run_arn"),
    Index(None, "template_arn", "completed_at", "run_arn"),
)
