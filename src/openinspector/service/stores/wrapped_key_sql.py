"""Wrapped data keys of all tables, in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Column, Engine, Table, func, literal, select, update

from openinspector.service.ports.wrapped_key_store import KeptKey, KeyOwner
from openinspector.service.stores.engine import reading_once, writing
from openinspector.service.stores.schema import ACCESS_KEY, REPORT, RUN_KEY, SHARED_SECRET, WEBHOOK


@dataclass(frozen=True, slots=True)
class _Place:
    table: Table
    id: Column[Any]
    content: Column[Any]


_PLACES: Final[Mapping[KeyOwner, _Place]] = MappingProxyType(
    {
        KeyOwner.RUN: _Place(RUN_KEY, RUN_KEY.c.run_arn, RUN_KEY.c.wrapped),
        KeyOwner.REPORT: _Place(REPORT, REPORT.c.id, REPORT.c.wrapped_key),
        KeyOwner.ACCESS_KEY: _Place(ACCESS_KEY, ACCESS_KEY.c.id, ACCESS_KEY.c.wrapped_secret),
        KeyOwner.WEBHOOK: _Place(WEBHOOK, WEBHOOK.c.arn, WEBHOOK.c.sealed_secret),
        KeyOwner.SECRET: _Place(SHARED_SECRET, SHARED_SECRET.c.name, SHARED_SECRET.c.sealed),
    }
)


class SqlWrappedKeyStore:
    """Reads and replaces wrapped data keys."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, owner: KeyOwner, after: str, limit: int) -> Sequence[KeptKey]:
        """Return at most ``limit`` keys with ids greater than ``after``, in order. Shredded keys are not kept."""
        place = _PLACES[owner]
        run = REPORT.c.run_arn if owner is KeyOwner.REPORT else literal("")
        wanted = (
            select(place.id, run, place.content)
            .where(place.id > after, func.length(place.content) > 0)
            .order_by(place.id)
            .limit(limit)
        )
        with reading_once(self._engine) as connection:
            return [
                KeptKey(owner=owner, id=key_id, run_arn=run_arn, content=content)
                for key_id, run_arn, content in connection.execute(wanted)
            ]

    def replace(self, key: KeptKey, content: bytes) -> bool:
        """Replace the content; return False, without effect, if it has changed or was deleted since it was read."""
        place = _PLACES[key.owner]
        unchanged = (place.id == key.id, place.content == key.content)
        with writing(self._engine) as connection:
            replaced = connection.execute(update(place.table).where(*unchanged).values({place.content: content}))
            return replaced.rowcount == 1
