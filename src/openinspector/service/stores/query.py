"""Queries that several stores share: many keys at once, and pages."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    literal,
    select,
    tuple_,
    type_coerce,
)

from openinspector.service.ports.assessment_store import DurationRange, TimeRange
from openinspector.service.ports.page import Cursor, Page, PageRequest
from openinspector.service.stores.columns import UtcDateTime, Word, to_json
from openinspector.service.stores.dialect import contains
from openinspector.service.stores.engine import reading, reading_once

T = TypeVar("T")
K = TypeVar("K")

_MOST_KEYS: Final = 1000


def in_batches(keys: Sequence[K]) -> Iterator[Sequence[K]]:
    """Yield the distinct keys in batches of the size that one statement should have."""
    distinct = iter(dict.fromkeys(keys))
    while batch := tuple(islice(distinct, _MOST_KEYS)):
        yield batch


def by_arn(table: Table) -> Select[Any]:
    """Return the query that `rows_by_arn` executes: built once, because nearly every request needs it."""
    return select(table).where(table.c.arn.in_(bindparam("arns", expanding=True)))


def rows_by_arn(engine: Engine, query: Select[Any], arns: Sequence[str]) -> Iterator[Row[Any]]:
    """Yield the rows with the given ARNs; ``query`` is one of `by_arn`."""
    batches = list(in_batches(arns))
    with reading_once(engine) if len(batches) == 1 else reading(engine) as connection:
        for batch in batches:
            yield from connection.execute(query, {"arns": batch})


def read_page(
    connection: Connection, query: Select[Any], table: Table, page: PageRequest, build: Callable[[Row[Any]], T]
) -> Page[T]:
    """Return one page of ``query``, in the order of its columns created_at and arn."""
    if page.after is not None:
        query = query.where(_follows(table, page.after))
    ordered = query.order_by(table.c.created_at, table.c.arn).limit(page.limit + 1)
    found = connection.execute(ordered).all()
    rows = found[: page.limit]
    more = len(found) > page.limit
    after = Cursor(created_at=rows[-1].created_at, arn=rows[-1].arn) if more and rows else None
    return Page(rows=[build(row) for row in rows], next=after)


def _follows(table: Table, cursor: Cursor) -> ColumnElement[bool]:
    position = tuple_(literal(cursor.created_at, UtcDateTime), literal(cursor.arn, Word))
    return tuple_(table.c.created_at, table.c.arn) > position


def in_times(column: ColumnElement[Any], wanted: TimeRange) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that a time lies in a range, both ends inclusive."""
    if wanted.begin is not None:
        yield column >= wanted.begin
    if wanted.end is not None:
        yield column <= wanted.end


def in_durations(column: ColumnElement[int], wanted: DurationRange) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that seconds lie in a range, both ends inclusive."""
    if wanted.minimum is not None:
        yield column >= wanted.minimum
    if wanted.maximum is not None:
        yield column <= wanted.maximum


def names_all(connection: Connection, column: ColumnElement[Any], words: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a JSON list of texts contains all of ``words``, at least one."""
    text = type_coerce(column, Word)
    return and_(*(contains(connection, text, literal(to_json(word), Word)) for word in words))
