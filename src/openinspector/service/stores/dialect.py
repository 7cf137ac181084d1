"""The few things that SQLite and PostgreSQL spell differently."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from openinspector.service.ports.assessment_store import QuotaError


def insert_new(connection: Connection, table: Table, unique: tuple[str, ...]) -> Insert:
    """Return an insert that skips a row whose ``unique`` columns are taken."""
    return _insert_new(_is_postgresql(connection), table, unique)


def add_new(connection: Connection, table: Table, unique: tuple[str, ...], row: Mapping[str, Any]) -> bool:
    """Insert a row unless its ``unique`` columns are taken; return True if it was inserted."""
    added = _insert_new_returning(_is_postgresql(connection), table, unique)
    return connection.execute(added, row).first() is not None


def check_room(connection: Connection, table: Table, what: str, most: int | None, added: int = 1) -> None:
    """Raise QuotaError if ``added`` more rows would exceed ``most``; writers that add rows wait for each other.

    On SQLite all writers wait. On PostgreSQL this takes an advisory lock on the table's name.
    """
    if most is None:
        return
    there = _count_alone(connection, table)
    if there + added > most:
        raise QuotaError(what, there, added, most)


def lock_name(connection: Connection, name: str) -> None:
    """Make other writers that lock ``name`` wait until this transaction ends.

    On SQLite all writers wait. On PostgreSQL this takes an advisory lock.
    """
    if _is_postgresql(connection):
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


def insert_many_new(
    connection: Connection, table: Table, unique: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    """Insert rows through the driver, values in the table's order; skip existing rows.

    For hundreds of thousands of rows: SQLAlchemy's insert takes twice as long per row.
    """
    mark = "%s" if _is_postgresql(connection) else "?"
    columns = table.columns.keys()
    statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"  # noqa: S608 - names from the schema
    connection.exec_driver_sql(f"{statement} ON CONFLICT ({', '.join(unique)}) DO NOTHING", list(rows))


def insert_or_keep(connection: Connection, table: Table, kept: str) -> ReturningInsert[Any]:
    """Return an insert that keeps an existing row with the same primary key and returns the stored row.

    The row is locked in both cases, until the transaction ends.
    """
    return _insert_or_keep(_is_postgresql(connection), table, kept)


def upsert(connection: Connection, table: Table, row: Mapping[str, Any]) -> Insert:
    """Return an insert of ``row`` that replaces the row with the same primary key."""
    key = [column.name for column in table.primary_key]
    if _is_postgresql(connection):
        return postgresql.insert(table).values(**row).on_conflict_do_update(index_elements=key, set_=row)
    return sqlite.insert(table).values(**row).on_conflict_do_update(index_elements=key, set_=row)


def database_now(connection: Connection) -> datetime:
    """Return the time of the database: one clock for all nodes. On SQLite it is this host's."""
    if _is_postgresql(connection):
        now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)
    text: str = connection.execute(select(func.strftime("%Y-%m-%dT%H:%M:%f+00:00", "now"))).scalar_one()
    return datetime.fromisoformat(text)


def contains(connection: Connection, text: ColumnElement[str], part: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that ``text`` contains ``part``, byte for byte."""
    position = func.strpos if _is_postgresql(connection) else func.instr
    return position(text, part) > 0


def matches(connection: Connection, text: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """Return the condition that all of ``text`` matches shell wildcards ``*`` and ``?``, case sensitively."""
    if _is_postgresql(connection):
        literal = re.sub(r"[\\%_]", r"\\\g<0>", pattern)
        return text.like(literal.replace("*", "%").replace("?", "_"), escape="\\")
    return text.op("GLOB", is_comparison=True)(pattern.replace("[", "[[]"))


def _count_alone(connection: Connection, table: Table) -> int:
    lock_name(connection, table.name)
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


# Prebuilt per table: compiling a statement costs as much as executing it on SQLite.


@cache
def _insert_new(on_postgresql: bool, table: Table, unique: tuple[str, ...]) -> Insert:  # noqa: FBT001
    if on_postgresql:
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=unique)
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=unique)


@cache
def _insert_new_returning(on_postgresql: bool, table: Table, unique: tuple[str, ...]) -> ReturningInsert[Any]:  # noqa: FBT001
    return _insert_new(on_postgresql, table, unique).returning(*table.primary_key)


@cache
def _insert_or_keep(on_postgresql: bool, table: Table, kept: str) -> ReturningInsert[Any]:  # noqa: FBT001
    statement = postgresql.insert(table) if on_postgresql else sqlite.insert(table)
    same = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_={kept: table.c[kept]})
    return same.returning(*table.columns)
