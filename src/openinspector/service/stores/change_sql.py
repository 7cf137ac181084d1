"""The changes that nodes tell each other, in SQL; PostgreSQL wakes the nodes that listen."""

import time
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import Final, cast

import psycopg
from sqlalchemy import Connection, Engine, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from openinspector.model.errors import StoreError
from openinspector.service.ports.change_store import Change, ChangeKind
from openinspector.service.stores.dialect import database_now, lock_name
from openinspector.service.stores.engine import reading_once, writing
from openinspector.service.stores.node_schema import CHANGE

_CHANNEL: Final = "openinspector_change"
_SINCE: Final = select(CHANGE).order_by(CHANGE.c.seq)


def record_change(connection: Connection, kind: ChangeKind, subject: str) -> None:
    """Record a change in the transaction that makes it, as its last statement.

    Numbers ascend in the order of commits, because writers wait for each other: a reader never passes over one.
    """
    lock_name(connection, CHANGE.name)
    connection.execute(insert(CHANGE).values(kind=kind, subject=subject, at=database_now(connection)))
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"NOTIFY {_CHANNEL}"))


class SqlChangeStore:
    """Reads the changes. `wait` holds a connection to PostgreSQL: not through a pooler that shares connections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = Lock()
        self._listener: psycopg.Connection | None = None

    def last(self) -> int:
        """Return the number of the last change; 0 if there is none."""
        with reading_once(self._engine) as connection:
            return connection.scalar(select(func.max(CHANGE.c.seq))) or 0

    def since(self, seq: int) -> Sequence[Change]:
        """Return the changes after number ``seq``, in order."""
        with reading_once(self._engine) as connection:
            rows = connection.execute(_SINCE.where(CHANGE.c.seq > seq))
            return [Change(seq=row.seq, kind=ChangeKind(row.kind), subject=row.subject) for row in rows]

    def wait(self, seconds: float) -> bool:
        """Wait at most ``seconds`` for a notification. On SQLite there is none: any wait may have missed a change."""
        if self._engine.dialect.name != "postgresql":
            time.sleep(seconds)
            return True
        with self._guard:
            try:
                if self._listener is None:
                    self._listener = _listen(self._engine)
                    return True  # Changes before this one are to be read.
                return any(True for _ in self._listener.notifies(timeout=seconds, stop_after=1))
            except (psycopg.Error, SQLAlchemyError) as error:
                self._close()
                raise StoreError(
                    f"the database does not notify: {error}", advice="Changes are read every few seconds."
                ) from error

    def forget_before(self, moment: datetime) -> None:
        """Delete changes recorded before ``moment``."""
        with writing(self._engine) as connection:
            connection.execute(delete(CHANGE).where(CHANGE.c.at < moment))

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None


def _listen(engine: Engine) -> psycopg.Connection:
    """Return a connection of its own, outside of the pool, under the node's session name."""
    pooled = engine.raw_connection()
    driver = cast("psycopg.Connection", pooled.dbapi_connection)
    pooled.detach()
    driver.autocommit = True
    driver.execute(f"LISTEN {_CHANNEL}")
    return driver
