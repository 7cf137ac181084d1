"""Pages of a list: keyset cursors, stable while rows are added."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last row of the page before: lists are ordered by creation time, then ARN (decisions)."""

    created_at: datetime
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """How many rows, after which one."""

    limit: int
    after: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """The rows, and where the next page begins; None at the end."""

    rows: Sequence[T]
    next: Cursor | None


def all_rows(list_page: Callable[[PageRequest], Page[T]], limit: int = 1000) -> Iterator[T]:
    """Yield every row of a list, ``limit`` at a time."""
    page = list_page(PageRequest(limit=limit))
    yield from page.rows
    while page.next is not None:
        page = list_page(PageRequest(limit=limit, after=page.next))
        yield from page.rows
