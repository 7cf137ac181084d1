"""Locks between the nodes of an installation."""

from contextlib import AbstractContextManager
from typing import Protocol


class NodeLocks(Protocol):
    """Named locks: one holder at a time in all nodes. A node that dies or is removed loses its locks."""

    def hold(self, name: str) -> AbstractContextManager[bool]:
        """Try to take the lock, without waiting, and release it at the end; the value is False if it is taken.

        Not reentrant. StoreError.
        """
        ...
