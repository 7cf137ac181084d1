"""Migrates a database of any older version to `openinspector.service.stores.schema`, step by step."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from openinspector.model.errors import StoreError
from openinspector.service.stores.engine import writing

_LOCK: Final = 0x6F70656E696E7370
"""PostgreSQL advisory lock: if several services start at once, one migrates and the others wait."""


def migrate(engine: Engine) -> None:
    """Run the missing migrations in one transaction.

    Raises StoreError, also if a newer version of the service has migrated the database.
    """
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        try:
            command.upgrade(_config(connection), "head")
        except CommandError as error:
            advice = "Run the version of the service that last used this database, or a newer one."
            raise StoreError(f"the database cannot be migrated: {error}", advice=advice) from error


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
