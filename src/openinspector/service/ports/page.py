"""Pages of a list, by keyset cursor: stable while rows are added."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

T = TypeVar("T")

NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Creation time in cursors of lists that are ordered by name alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The last row of the previous page. Lists are ordered by creation time, then ARN (decisions)."""

    created_at: datetime
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """The number of rows wanted, and the row they follow."""

    limit: int
    after: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """The rows, and the cursor of the next page; None on the last page."""

    rows: Sequence[T]
    next: Cursor | None


def all_rows(list_page: Callable[[PageRequest], Page[T]], limit: int = 1000) -> Iterator[T]:
    """Yield every row of a list, ``limit`` at a time."""
    page = list_page(PageRequest(limit=limit))
    yield from page.rows
    while page.next is not None:
        page = list_page(PageRequest(limit=limit, after=page.next))
        yield from page.rows


def page_of(rows: Sequence[T], key: Callable[[T], str], page: PageRequest) -> Page[T]:
    """Return one page of ``rows`` held in memory and sorted by ``key``."""
    after = page.after.arn if page.after is not None else ""
    later = [row for row in rows if key(row) > after]
    found = later[: page.limit]
    following = Cursor(created_at=NO_TIME, arn=key(found[-1])) if len(later) > page.limit else None
    return Page(rows=found, next=following)
