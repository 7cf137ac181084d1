from collections.abc import Mapping
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from openinspector.model.errors import StoreError
from openinspector.service.stores.engine import open_engine, writing
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.schema import METADATA


def test_the_migrations_lead_to_the_metadata(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_alembic_agrees_to_the_last_column_and_index(engine: Engine, fresh: Engine) -> None:
    METADATA.create_all(fresh)
    assert _shape(engine) == _shape(fresh)


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    before = _shape(engine)
    migrate(engine)
    assert _shape(engine) == before


def test_a_database_of_a_newer_version_is_refused(fresh: Engine) -> None:
    migrate(fresh)
    with writing(fresh) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="cannot be migrated") as refusal:
        migrate(fresh)
    assert "newer" in refusal.value.advice


@pytest.fixture
def fresh(engine: Engine, tmp_path: Path) -> Engine:
    """A second, empty database of the same kind as `engine`."""
    if engine.dialect.name == "sqlite":
        return open_engine(f"sqlite:///{tmp_path}/fresh.db")
    with create_engine(engine.url, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS fresh WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE fresh"))
    return open_engine(engine.url.set(database="fresh").render_as_string(hide_password=False))


def _shape(engine: Engine) -> Mapping[str, object]:
    with engine.connect() as connection:
        found = inspect(connection)
        return {
            table: (
                [(c["name"], repr(c["type"]), c["nullable"]) for c in found.get_columns(table)],
                found.get_pk_constraint(table),
                sorted(found.get_unique_constraints(table), key=repr),
                sorted(found.get_indexes(table), key=repr),
                found.get_foreign_keys(table),
            )
            for table in METADATA.tables
        }
