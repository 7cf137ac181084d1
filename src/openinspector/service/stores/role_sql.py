"""The registered role in SQL: one row."""

from typing import Final

from sqlalchemy import Engine, select

from openinspector.service.ports.role_store import AccessRole
from openinspector.service.stores.dialect import upsert
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.schema import ACCESS_ROLE

_ONLY: Final = 1


class SqlRoleStore:
    """Stores one role."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self) -> AccessRole | None:
        """Return the role; None if none was registered."""
        with reading(self._engine) as connection:
            row = connection.execute(select(ACCESS_ROLE)).one_or_none()
        return None if row is None else AccessRole(arn=row.arn, registered_at=row.registered_at)

    def replace(self, role: AccessRole) -> None:
        """Register a role and replace the previous one."""
        row = {"place": _ONLY, "arn": role.arn, "registered_at": role.registered_at}
        with writing(self._engine) as connection:
            connection.execute(upsert(connection, ACCESS_ROLE, row))
