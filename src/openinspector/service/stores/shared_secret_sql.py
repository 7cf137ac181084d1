"""The shared secrets in SQL."""

from datetime import datetime

from sqlalchemy import Engine, select

from openinspector.service.stores.dialect import add_new
from openinspector.service.stores.engine import reading_once, writing
from openinspector.service.stores.node_schema import SHARED_SECRET


class SqlSharedSecretStore:
    """Stores sealed secrets by name. A secret never changes; `MasterKeyMove` may change the key that wraps it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, name: str) -> bytes | None:
        """Return the sealed secret; None if no node has made it yet."""
        with reading_once(self._engine) as connection:
            found = connection.execute(select(SHARED_SECRET.c.sealed).where(SHARED_SECRET.c.name == name))
            return found.scalar_one_or_none()

    def add(self, name: str, sealed: bytes, made_at: datetime) -> bytes:
        """Store a sealed secret unless ``name`` has one; return the one that is stored."""
        row = {"name": name, "sealed": sealed, "made_at": made_at}
        with writing(self._engine) as connection:
            if add_new(connection, SHARED_SECRET, ("name",), row):
                return sealed
            stored: bytes = connection.execute(
                select(SHARED_SECRET.c.sealed).where(SHARED_SECRET.c.name == name)
            ).scalar_one()
            return stored
