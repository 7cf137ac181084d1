"""Opens the database: one SQLite file, or PostgreSQL for many machines.

Commits survive a killed process and a power failure: SQLite runs with a write-ahead log and ``synchronous=FULL``, so a
commit is on disk before the caller continues (a receipt lets an agent delete its copy). Writers on SQLite begin
IMMEDIATE: they wait before the transaction instead of failing within it. Readers on PostgreSQL see one snapshot for all
their queries, as on SQLite.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from openinspector.model.errors import StoreError

_OPTIONS: Final[dict[str, Any]] = {
    "poolclass": QueuePool,
    # More than the 40 threads that serve requests; beyond ten, connections are closed after use.
    "pool_size": 10,
    "max_overflow": 40,
    "pool_timeout": 30,
    "hide_parameters": True,  # wrapped keys and findings have no place in a log
}

_BUSY_SECONDS: Final = 30
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # overwrite deleted content, above all wrapped keys
    "PRAGMA cache_size=-65536",  # 64 MB
    f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}",
)
_WRITES: Final = "openinspector_writes"
_LONE: Final = "openinspector_lone"


def open_engine(url: str, session_name: str = "openinspector") -> Engine:
    """Return an engine for ``sqlite:///path`` or ``postgresql+psycopg://…``; PostgreSQL shows ``session_name``.

    The SQLite file is created if absent, readable only by its owner. Raises StoreError if the URL is of
    another kind or the file cannot be made.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("the database URL cannot be read", advice=_URL_ADVICE) from error
    if parsed.drivername == "postgresql+psycopg":
        return create_engine(parsed, pool_pre_ping=True, connect_args={"application_name": session_name}, **_OPTIONS)
    if parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return _open_sqlite(parsed, Path(str(parsed.database)))
    raise StoreError(f"no store for a database of kind {parsed.drivername!r}", advice=_URL_ADVICE)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads, from one snapshot; any database error becomes StoreError."""
    with _as_store_error(), engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


@contextmanager
def reading_once(engine: Engine) -> Iterator[Connection]:
    """As `reading`, for one statement, which needs no transaction to see one snapshot."""
    with _as_store_error(), engine.connect() as connection:
        connection.execution_options(**{_LONE: True})
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextmanager
def session(engine: Engine) -> Iterator[Connection]:
    """One session outside of transactions, for locks that belong to a session; database errors become StoreError."""
    with _as_store_error(), engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: committed as a whole, or rolled back if the block raises."""
    with _as_store_error(), engine.connect() as connection:
        connection.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


def shred(engine: Engine) -> None:
    """Remove overwritten pages from SQLite's write-ahead log, as far as readers allow. No effect on other databases."""
    if engine.dialect.name != "sqlite":
        return
    with _as_store_error(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


_URL_ADVICE: Final = "Use sqlite:///path/to/file.db or postgresql+psycopg://user@host/database."


def _open_sqlite(url: URL, path: Path) -> Engine:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        advice = "The folder must exist and belong to the user the service runs as."
        raise StoreError(f"cannot open the database {path}: {error.strerror}", advice=advice) from error
    # isolation_level None: the driver begins no transaction by itself, so that we say which kind.
    engine = create_engine(url, connect_args={"isolation_level": None, "timeout": _BUSY_SECONDS}, **_OPTIONS)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(_LONE, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES, False) else "BEGIN")


@contextmanager
def _as_store_error() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise StoreError(f"the database refused: {reason}", advice="See the cause; nothing was changed.") from error
