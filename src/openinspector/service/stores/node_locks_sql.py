"""Locks between nodes: advisory locks of PostgreSQL, held by a session of their own.

The server releases them when the session ends, so a killed node holds nothing. On SQLite there is one node: the locks
are between its threads.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Engine, func, select

from openinspector.service.stores.engine import session


class SqlNodeLocks:
    """Named locks: one holder at a time in all nodes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = Lock()
        self._held: set[str] = set()

    @contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """Try to take the lock, without waiting, and release it at the end; the value is False if it is taken."""
        if not self._take(name):
            yield False
            return
        try:
            if self._engine.dialect.name != "postgresql":
                yield True
                return
            key = _key(name)
            with session(self._engine) as connection:
                taken: bool = connection.execute(select(func.pg_try_advisory_lock(key))).scalar_one()
                try:
                    yield taken
                finally:
                    if taken:
                        connection.execute(select(func.pg_advisory_unlock(key)))
        finally:
            with self._guard:
                self._held.discard(name)

    def _take(self, name: str) -> bool:
        """Return True if no thread of this node holds the lock: within a session, PostgreSQL's locks are reentrant."""
        with self._guard:
            if name in self._held:
                return False
            self._held.add(name)
            return True


def _key(name: str) -> int:
    """Return the number of a lock: PostgreSQL's are 64 bits with sign."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
