"""Shared queries of tables whose rows have an ARN and belong to a template."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Engine, Row, Table, delete, select

from openinspector.model.arn import TargetArn, TemplateArn
from openinspector.service.ports.page import Page, PageRequest
from openinspector.service.stores.engine import reading, writing
from openinspector.service.stores.query import read_page

T = TypeVar("T")


def delete_one(engine: Engine, table: Table, arn: str) -> bool:
    """Delete a row; return True if it existed."""
    with writing(engine) as connection:
        return connection.execute(delete(table).where(table.c.arn == arn)).rowcount == 1


def delete_below(engine: Engine, table: Table, parent: TargetArn | TemplateArn) -> int:
    """Delete the rows of a template, or of a target's templates; return the number deleted."""
    below = table.c.arn.startswith(f"{parent}/", autoescape=True)
    with writing(engine) as connection:
        return connection.execute(delete(table).where(below)).rowcount


def list_page(
    engine: Engine, table: Table, template: TemplateArn | None, page: PageRequest, build: Callable[[Row[Any]], T]
) -> Page[T]:
    """Return one page of the rows of a template, or of all."""
    query = select(table)
    if template is not None:
        query = query.where(table.c.template_arn == template)
    with reading(engine) as connection:
        return read_page(connection, query, table, page, build)


def templates(engine: Engine, table: Table) -> Sequence[TemplateArn]:
    """Return every template that has rows, sorted."""
    query = select(table.c.template_arn).distinct().order_by(table.c.template_arn)
    with reading(engine) as connection:
        return [TemplateArn(arn) for arn in connection.scalars(query)]
