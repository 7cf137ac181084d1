"""Pages of a simulator's items, in the order of all lists: creation time, then ARN."""

from collections.abc import Callable, Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TypeVar

from openinspector.service.ports.assessment_store import DurationRange, TimeRange
from openinspector.service.ports.page import Cursor, Page, PageRequest

T = TypeVar("T")


def page_of(items: Iterable[T], place: Callable[[T], tuple[datetime, str]], page: PageRequest) -> Page[T]:
    """Return the requested page of ``items``, which are sorted by creation time and ARN."""
    after = (page.after.created_at, page.after.arn) if page.after is not None else None
    later = sorted((item for item in items if after is None or place(item) > after), key=place)
    rows = later[: page.limit]
    if len(later) <= page.limit or not rows:
        return Page(rows=rows, next=None)
    created_at, arn = place(rows[-1])
    return Page(rows=rows, next=Cursor(created_at=created_at, arn=arn))


def matches(name: str, pattern: str | None) -> bool:
    """Return True if ``name`` matches shell wildcards ``*`` and ``?``, case sensitively; None matches every name."""
    if pattern is None:
        return True
    # Runs of stars are one star, and a bracket is only a bracket.
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def in_time(moment: datetime | None, wanted: TimeRange) -> bool:
    """Return True if a moment is in a range; an absent moment is only in the unbounded range."""
    if moment is None:
        return wanted.begin is None and wanted.end is None
    return (wanted.begin is None or moment >= wanted.begin) and (wanted.end is None or moment <= wanted.end)


def in_duration(seconds: int, wanted: DurationRange) -> bool:
    """Return True if a duration is in a range."""
    low = wanted.minimum is None or seconds >= wanted.minimum
    return low and (wanted.maximum is None or seconds <= wanted.maximum)
