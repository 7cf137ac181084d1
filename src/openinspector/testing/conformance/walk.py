"""Read all pages of a list."""

from collections.abc import Callable
from typing import TypeVar

from openinspector.service.ports.page import Cursor, Page, PageRequest

T = TypeVar("T")


def walk(read: Callable[[PageRequest], Page[T]], limit: int) -> list[T]:
    """Return the rows of all pages of ``limit``; each but the last must be full."""
    found: list[T] = []
    after: Cursor | None = None
    while True:
        page = read(PageRequest(limit=limit, after=after))
        assert len(page.rows) <= limit
        found.extend(page.rows)
        if page.next is None:
            return found
        assert len(page.rows) == limit
        after = page.next
