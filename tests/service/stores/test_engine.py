import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from openinspector.model.errors import StoreError
from openinspector.service.stores.engine import open_engine, reading, writing


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:", "postgresql+pg8000://localhost/x"]
)
def test_other_databases_are_refused_with_advice(url: str) -> None:
    with pytest.raises(StoreError) as refusal:
        open_engine(url)
    assert "sqlite:///" in refusal.value.advice


def test_a_folder_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="absent/x.db"):
        open_engine(f"sqlite:///{tmp_path}/absent/x.db")


def test_file_is_private_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.touch(mode=0o644)
    with writing(open_engine(f"sqlite:///{path}")) as connection:
        connection.execute(text("CREATE TABLE t (x INTEGER)"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"x.db": 0o600, "x.db-wal": 0o600, "x.db-shm": 0o600}


def test_sqlite_keeps_its_settings(tmp_path: Path) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    with reading(open_engine(f"sqlite:///{tmp_path}/x.db")) as connection:
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted


def test_a_writer_that_raises_leaves_nothing(engine: Engine) -> None:
    def fail() -> None:
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO resource_group VALUES ('a', '[]', 1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM resource_group")) == 0


def test_a_reader_sees_one_snapshot(engine: Engine) -> None:
    count = text("SELECT count(*) FROM resource_group")
    with reading(engine) as before:
        assert before.scalar(count) == 0
        with writing(engine) as connection:
            connection.execute(text("INSERT INTO resource_group VALUES ('a', '[]', 1)"))
        assert before.scalar(count) == 0
    with reading(engine) as after:
        assert after.scalar(count) == 1


def test_database_errors_become_store_errors(engine: Engine) -> None:
    with pytest.raises(StoreError, match="the database refused"), reading(engine) as connection:
        connection.execute(text("SELECT * FROM nothing_of_that_name"))


def test_errors_do_not_contain_stored_values(engine: Engine) -> None:
    with pytest.raises(StoreError) as refusal, reading(engine) as connection:
        connection.execute(text("SELECT :secret FROM nothing_of_that_name"), {"secret": "hunter2"})
    assert "hunter2" not in f"{refusal.value} {refusal.value.__cause__}"


def test_writers_wait_for_each_other(engine: Engine) -> None:
    def add(_: int) -> None:
        with writing(engine) as connection:
            row = connection.execute(text("SELECT created_at FROM resource_group FOR UPDATE" if postgresql else QUERY))
            value = row.scalar_one()
            connection.execute(text("UPDATE resource_group SET created_at = :value"), {"value": value + 1})

    postgresql = engine.dialect.name == "postgresql"
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO resource_group VALUES ('a', '[]', 0)"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    with reading(engine) as connection:
        assert connection.scalar(text(QUERY)) == 80


QUERY = "SELECT created_at FROM resource_group"

_KILLED = """
import os, signal, sys
from sqlalchemy import text
from openinspector.service.stores.engine import open_engine, writing
engine = open_engine(sys.argv[1])
with writing(engine) as connection:
    connection.execute(text("INSERT INTO resource_group VALUES ('acknowledged', '[]', 1)"))
with writing(engine) as connection:
    connection.execute(text("INSERT INTO resource_group VALUES ('unfinished', '[]', 1)"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_committed_rows_survive_a_kill(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    assert subprocess.run([sys.executable, "-c", _KILLED, url], check=False).returncode == -signal.SIGKILL
    with reading(engine) as connection:
        assert connection.scalars(text("SELECT arn FROM resource_group")).all() == ["acknowledged"]
