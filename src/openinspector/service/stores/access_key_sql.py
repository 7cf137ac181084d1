"""Access keys in SQL.

A user's keys are in slots 0 and 1, and (user, slot) is unique: a third key finds no place, however many are added at
once.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Engine, Row, bindparam, delete, select

from openinspector.service.ports.access_key_store import AccessKey, TooManyKeysError
from openinspector.service.stores.dialect import add_new
from openinspector.service.stores.engine import reading, reading_once, writing
from openinspector.service.stores.schema import ACCESS_KEY

_SLOTS: Final = range(2)
_BY_ID: Final = select(ACCESS_KEY).where(ACCESS_KEY.c.id == bindparam("key_id"))
"""Built once: every API request executes it."""


class SqlAccessKeyStore:
    """Stores access keys."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, key: AccessKey) -> None:
        """Add a key; TooManyKeysError if its user has two."""
        row = {
            "id": key.id,
            "user": key.user,
            "wrapped_secret": key.wrapped_secret,
            "actions": key.actions,
            "created_at": key.created_at,
        }
        with writing(self._engine) as connection:
            if not any(add_new(connection, ACCESS_KEY, ("user", "slot"), row | {"slot": slot}) for slot in _SLOTS):
                raise TooManyKeysError(f"user {key.user!r} has two access keys already", advice="Delete one first.")

    def get(self, key_id: str) -> AccessKey | None:
        """Return a key, or None."""
        with reading_once(self._engine) as connection:
            row = connection.execute(_BY_ID, {"key_id": key_id}).one_or_none()
        return None if row is None else _key(row)

    def list_all(self) -> Sequence[AccessKey]:
        """Return all keys, by user and id."""
        query = select(ACCESS_KEY).order_by(ACCESS_KEY.c.user, ACCESS_KEY.c.id)
        with reading(self._engine) as connection:
            return [_key(row) for row in connection.execute(query)]

    def delete(self, key_id: str) -> bool:
        """Delete a key; return True if it existed."""
        with writing(self._engine) as connection:
            return connection.execute(delete(ACCESS_KEY).where(ACCESS_KEY.c.id == key_id)).rowcount == 1


def _key(row: Row[Any]) -> AccessKey:
    return AccessKey(
        id=row.id,
        user=row.user,
        wrapped_secret=row.wrapped_secret,
        actions=row.actions,
        created_at=row.created_at,
    )
