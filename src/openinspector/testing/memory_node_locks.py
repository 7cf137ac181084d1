"""The simulator of locks between nodes: instances over one set are the nodes of one installation."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class MemoryNodeLocks:
    """Named locks: one holder at a time."""

    def __init__(self, held: set[str] | None = None) -> None:
        self._held: set[str] = set() if held is None else held
        self._guard = Lock()

    @contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """Try to take the lock, without waiting, and release it at the end; the value is False if it is taken."""
        with self._guard:
            taken = name not in self._held
            if taken:
                self._held.add(name)
        try:
            yield taken
        finally:
            if taken:
                with self._guard:
                    self._held.discard(name)
