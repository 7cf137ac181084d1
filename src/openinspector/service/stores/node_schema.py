"""The tables of the nodes: who they are, the secrets they share, and what they tell each other."""

from typing import Final

from sqlalchemy import Column, Integer, LargeBinary, Table

from openinspector.service.stores.columns import UtcDateTime, Word
from openinspector.service.stores.finding_schema import METADATA

NODE: Final = Table(
    "node",
    METADATA,
    Column("id", Word, primary_key=True),
    Column("address", Word, nullable=False),
    Column("version", Word, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("roles", Word, nullable=False, server_default="gateway,api,console,worker"),
)

SHARED_SECRET: Final = Table(
    "shared_secret",
    METADATA,
    Column("name", Word, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

CHANGE: Final = Table(
    "change",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("kind", Word, nullable=False),
    Column("subject", Word, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)
