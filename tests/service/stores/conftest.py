"""Every test of a store runs on SQLite and on a real PostgreSQL, each time on an empty, migrated database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.schema import METADATA


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> Iterator[Engine]:
    engine = open_engine(postgresql_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on an empty database of the newest shape."""
    if request.param == "postgresql":
        shared: Engine = request.getfixturevalue("migrated_postgresql")
        yield shared
        with shared.begin() as connection:
            tables = ", ".join(f'"{name}"' for name in METADATA.tables)
            connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
        return
    own = tmp_path / "own.db"
    shutil.copy(request.getfixturevalue("migrated_sqlite"), own)
    sqlite = open_engine(f"sqlite:///{own}")
    yield sqlite
    sqlite.dispose()
