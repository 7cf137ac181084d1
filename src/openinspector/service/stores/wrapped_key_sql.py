"""Wrapped keys in SQL: one column of five tables."""

from collections.abc import Sequence
from typing import Any, Final, assert_never

from sqlalchemy import Column, Engine, func, literal, select, update

from openinspector.service.ports.wrapped_key_store import StoredWrapping, WrappedKind
from openinspector.service.stores.engine import reading_once, writing
from openinspector.service.stores.node_schema import SHARED_SECRET
from openinspector.service.stores.schema import ACCESS_KEY, REPORT, RUN_KEY, WEBHOOK

_DELETED: Final = b""
"""Content of a deleted run key, and of a report in progress."""


class SqlWrappedKeyStore:
    """Lists wrapped keys and replaces them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, kind: WrappedKind) -> int:
        """Return the number of wrapped keys of one kind."""
        id_, content = _columns(kind)
        with reading_once(self._engine) as connection:
            return connection.execute(select(func.count(id_)).where(content != _DELETED)).scalar_one()

    def after(self, kind: WrappedKind, id_: str, limit: int) -> Sequence[StoredWrapping]:
        """Return up to ``limit`` wrapped keys whose id is above ``id_``, by id."""
        key, content = _columns(kind)
        run = REPORT.c.run_arn if kind is WrappedKind.REPORT else literal("")
        query = select(key, run, content).where(key > id_, content != _DELETED).order_by(key).limit(limit)
        with reading_once(self._engine) as connection:
            return [
                StoredWrapping(id=row_id, run_arn=run_arn, content=bytes(stored))
                for row_id, run_arn, stored in connection.execute(query)
            ]

    def replace(self, kind: WrappedKind, held: StoredWrapping, content: bytes) -> bool:
        """Replace the content unless it changed or was deleted since it was read as ``held``."""
        key, stored = _columns(kind)
        unchanged = update(key.table).where(key == held.id, stored == held.content)
        with writing(self._engine) as connection:
            return connection.execute(unchanged.values({stored: content})).rowcount == 1


def _columns(kind: WrappedKind) -> tuple[Column[Any], Column[Any]]:
    """Return the columns of id and content."""
    match kind:
        case WrappedKind.RUN:
            return RUN_KEY.c.run_arn, RUN_KEY.c.wrapped
        case WrappedKind.REPORT:
            return REPORT.c.id, REPORT.c.wrapped_key
        case WrappedKind.ACCESS_KEY:
            return ACCESS_KEY.c.id, ACCESS_KEY.c.wrapped_secret
        case WrappedKind.WEBHOOK:
            return WEBHOOK.c.arn, WEBHOOK.c.sealed_secret
        case WrappedKind.SHARED:
            return SHARED_SECRET.c.name, SHARED_SECRET.c.sealed
        case _:
            assert_never(kind)
