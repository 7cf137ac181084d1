"""Copies of SQLite; those of PostgreSQL are made in tests/service/test_backup_access.py."""

from pathlib import Path

import pytest
from sqlalchemy import text

from openinspector.model.errors import StoreError
from openinspector.service.stores.database_copy import copy_database, load_database
from openinspector.service.stores.engine import open_engine, reading, writing

UNREACHABLE = "postgresql+psycopg://nobody:hunter2@127.0.0.1:1/none"


def test_a_database_is_copied_while_it_is_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'own.db'}"
    engine = open_engine(url)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
        connection.execute(text("INSERT INTO t VALUES (1)"))
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO t VALUES (2)"))
        copy_database(url, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    load_database(f"sqlite:///{tmp_path / 'new' / 'own.db'}", tmp_path / "copy")
    with reading(open_engine(f"sqlite:///{tmp_path / 'new' / 'own.db'}")) as connection:
        assert connection.execute(text("SELECT n FROM t")).scalars().all() == [1]


def test_a_database_that_is_absent_is_not_copied(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database"):
        copy_database(f"sqlite:///{tmp_path / 'absent.db'}", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_pg_dump_is_named_where_it_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="pg_dump is absent") as refused:
        copy_database(UNREACHABLE, tmp_path / "copy")
    assert "client programs" in refused.value.advice


def test_the_reason_of_pg_dump_is_shown_without_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "pg_dump: error: connection refused: $1" >&2\nexit 1\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(StoreError, match="connection refused") as refused:
        copy_database(UNREACHABLE, tmp_path / "copy")
    assert "hunter2" not in str(refused.value)
