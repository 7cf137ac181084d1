"""The tables of findings, explained in `stores.findings`, and the metadata that they share with all other tables."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from openinspector.service.stores.columns import Word

_Number: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up in columns of exactly the type INTEGER, whatever their size."""

METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

RESULT: Final = Table(
    "result",
    METADATA,
    Column("id", _Number, primary_key=True),
    Column("run_arn", Word, nullable=False, unique=True),
    sqlite_autoincrement=True,
)

TEXT: Final = Table(
    "text",
    METADATA,
    Column("id", _Number, primary_key=True),
    Column("result_id", _Number, ForeignKey(RESULT.c.id), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("body", Word, nullable=False),
    UniqueConstraint("result_id", "digest"),
    sqlite_autoincrement=True,
)

FINDING_BODY: Final = Table(
    "finding_body",
    METADATA,
    Column("id", _Number, primary_key=True),
    Column("result_id", _Number, ForeignKey(RESULT.c.id), nullable=False),
    # Of rules package and content.
    Column("digest", LargeBinary, nullable=False),
    Column("severity", SmallInteger, nullable=False),
    # Numbers of texts.
    Column("rules_package", _Number, nullable=False),
    Column("rule", _Number, nullable=False),
    Column("attributes", Word, nullable=False),
    # JSON, as `openinspector.model.finding.AnyBody`.
    Column("content", Text, nullable=False),
    UniqueConstraint("result_id", "digest"),
    sqlite_autoincrement=True,
)

FINDING: Final = Table(
    "finding",
    METADATA,
    Column("result_id", _Number, ForeignKey(RESULT.c.id), primary_key=True),
    Column("id", Word, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # Numbers of texts, each between spaces: " 12 57 ". The attributes of the host; the body has its own.
    Column("attributes", Word, nullable=False),
    Column("user_attributes", Word, nullable=False),
    # Numbers of texts.
    Column("agent", _Number, nullable=False),
    Column("auto_scaling_group", _Number, nullable=True),
    Column("asset", _Number, nullable=False),
    # Number of a body.
    Column("body", _Number, nullable=False),
    # Block number × 8,192 + place in the block (`stores.findings`).
    Column("position", BigInteger, nullable=False),
    # Covers pages.
    Index("ix_finding_page", "position", "created_at", "id"),
)

FINDING_BLOCK: Final = Table(
    "finding_block",
    METADATA,
    Column("id", _Number, primary_key=True),
    Column("result_id", _Number, ForeignKey(RESULT.c.id), nullable=False),
    Column("size", Integer, nullable=False),
    # Creation times of the first and last finding, microseconds: they tell which blocks a page can come from.
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Index(None, "first_at", "id"),
    Index(None, "result_id", "id"),
    sqlite_autoincrement=True,
)

FINDING_BITS: Final = Table(
    "finding_bits",
    METADATA,
    Column("block", _Number, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True),
    # The code of a severity, or the number of a text.
    Column("value", _Number, primary_key=True),
    Column("bits", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
