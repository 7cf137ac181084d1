"""The nodes in SQL. Every time is the database's own."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from openinspector.service.ports.node_store import ServiceNode
from openinspector.service.stores.dialect import database_now
from openinspector.service.stores.engine import reading_once, writing
from openinspector.service.stores.node_schema import NODE


class SqlNodeStore:
    """Keeps the nodes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def register(self, node_id: str, address: str, version: str, roles: Sequence[str], lease: timedelta) -> None:
        """Add a node whose lease begins now."""
        with writing(self._engine) as connection:
            now = database_now(connection)
            row = {
                "id": node_id,
                "address": address,
                "version": version,
                "roles": ",".join(roles),
                "started_at": now,
                "until": now + lease,
            }
            connection.execute(insert(NODE).values(**row))

    def renew(self, node_id: str, lease: timedelta) -> bool:
        """Extend the lease to ``lease`` from now; False if the node is not registered any more."""
        with writing(self._engine) as connection:
            until = database_now(connection) + lease
            return connection.execute(update(NODE).where(NODE.c.id == node_id).values(until=until)).rowcount == 1

    def remove(self, node_id: str) -> None:
        """Remove a node that ends; no effect if it is not registered."""
        with writing(self._engine) as connection:
            connection.execute(delete(NODE).where(NODE.c.id == node_id))

    def remove_expired(self) -> Sequence[str]:
        """Remove the nodes whose lease has ended, and end their database sessions; return their ids."""
        with writing(self._engine) as connection:
            expired = delete(NODE).where(NODE.c.until < database_now(connection)).returning(NODE.c.id)
            removed = sorted(connection.execute(expired).scalars())
            for node_id in removed:
                _end_sessions(connection, node_id)
            return removed

    def nodes(self) -> Sequence[ServiceNode]:
        """Return the registered nodes in the order in which they started."""
        with reading_once(self._engine) as connection:
            rows = connection.execute(select(NODE).order_by(NODE.c.started_at, NODE.c.id))
            return [
                ServiceNode(
                    id=row.id,
                    address=row.address,
                    version=row.version,
                    roles=tuple(row.roles.split(",")),
                    started_at=row.started_at,
                    until=row.until,
                )
                for row in rows
            ]


def session_name(node_id: str) -> str:
    """Return the ``application_name`` of a node's database sessions (at most 63 bytes in PostgreSQL)."""
    return f"openinspector node {node_id}"


def _end_sessions(connection: Connection, node_id: str) -> None:
    """End the sessions of a node that may be frozen: the server then releases its locks and its open transaction."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(
        text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"),
        {"name": session_name(node_id)},
    )
