"""Copies of a database while it is used: SQLite by its backup interface, PostgreSQL by ``pg_dump`` and ``pg_restore``.

A copy shows one moment. PostgreSQL's programs must be of the server's version or newer.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Engine, inspect, make_url

from openinspector.model.errors import StoreError
from openinspector.service.stores.engine import open_engine


def copy_database(url: str, target: Path) -> None:
    """Write a copy of the database at ``url`` to the new file ``target``; StoreError."""
    place = make_url(url)
    if place.drivername.startswith("sqlite"):
        _copy_sqlite(Path(str(place.database)), target)
        return
    _run_tool("pg_dump", ("--format=custom", "--no-owner", "--no-privileges", f"--file={target}"), place)


def load_database(url: str, source: Path) -> None:
    """Fill the empty database at ``url`` from a copy, as a whole or not at all; StoreError."""
    place = make_url(url)
    if place.drivername.startswith("sqlite"):
        _load_sqlite(source, Path(str(place.database)))
        return
    engine = open_engine(url)
    try:
        tables = [table for schema in inspect(engine).get_schema_names() for table in _tables(engine, schema)]
    finally:
        engine.dispose()
    if tables:
        raise StoreError(
            f"the database {place.database} is not empty: it has the table {tables[0]}",
            advice="Restore into a new database.",
        )
    _run_tool("pg_restore", ("--exit-on-error", "--single-transaction", "--no-owner", str(source)), place)


def _tables(engine: Engine, schema: str) -> list[str]:
    return [] if schema == "information_schema" else inspect(engine).get_table_names(schema=schema)


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise StoreError(f"there is no database {source}")
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
            origin.backup(copy)
    except sqlite3.Error as refused:
        raise StoreError(f"the database {source} cannot be copied: {refused}") from refused


def _load_sqlite(source: Path, target: Path) -> None:
    if target.exists():
        raise StoreError(f"{target} exists", advice="Restore into a new data folder.")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.restored")
    draft.unlink(missing_ok=True)
    _copy_sqlite(source, draft)
    draft.rename(target)


def _run_tool(name: str, options: Sequence[str], place: URL) -> None:
    program = shutil.which(name)
    if program is None:
        raise StoreError(f"{name} is absent", advice="Install PostgreSQL's client programs, of the server's version.")
    password = {"PGPASSWORD": place.password} if isinstance(place.password, str) else {}
    environment: Mapping[str, str] = {**os.environ, **password}
    database = place.set(drivername="postgresql", password=None).render_as_string()
    done = subprocess.run(  # noqa: S603 - a fixed program; the URL is the operator's
        [program, f"--dbname={database}", *options], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise StoreError(f"{name} failed: {done.stderr.strip()[-300:]}")
