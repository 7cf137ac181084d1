"""One page of findings, merged from the runs it can come from.

Each run's findings are read in order from one index, and runs whose first finding is later than the page's last are
not looked at: a page deep in the list costs what the first one costs.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, cast, literal, select, tuple_

from openinspector.model.arn import FindingArn, RunArn, finding_arn
from openinspector.service.ports.finding_store import FindingFilter
from openinspector.service.ports.page import Cursor, Page, PageRequest
from openinspector.service.stores.columns import Word, from_micros, to_json, to_micros
from openinspector.service.stores.dialect import contains
from openinspector.service.stores.finding_row import SEVERITIES, attribute_bodies
from openinspector.service.stores.finding_text import digest
from openinspector.service.stores.schema import FINDING, RESULT, TEXT

_Place = tuple[int, FindingArn]
"""Where a finding stands in the list: microseconds of its creation, then its ARN."""


def read_finding_page(connection: Connection, wanted: FindingFilter, page: PageRequest) -> Page[FindingArn]:
    """Return one page of the findings that ``wanted`` asks for."""
    most = page.limit + 1
    found: list[_Place] = []
    for result in connection.execute(_results(wanted, page.after)):
        if len(found) == most and to_micros(result.first_at) > found[-1][0]:
            break
        query = _findings(connection, wanted, result, page.after).limit(most)
        places = ((row.created_at, finding_arn(result.run_arn, row.id)) for row in connection.execute(query))
        found = sorted((*found, *places))[:most]
    shown = found[: page.limit]
    after = None
    if len(found) == most and shown:
        created_at, arn = shown[-1]
        after = Cursor(created_at=from_micros(created_at), arn=arn)
    return Page(rows=[arn for _, arn in shown], next=after)


def _results(wanted: FindingFilter, after: Cursor | None) -> Select[Any]:
    """Ask for the runs that can have what is wanted, the earliest first."""
    query = select(RESULT.c.id, RESULT.c.run_arn, RESULT.c.first_at).order_by(RESULT.c.first_at, RESULT.c.run_arn)
    if wanted.run_arns:
        query = query.where(RESULT.c.run_arn.in_(wanted.run_arns))
    if wanted.created.begin is not None:
        query = query.where(RESULT.c.last_at >= wanted.created.begin)
    if wanted.created.end is not None:
        query = query.where(RESULT.c.first_at <= wanted.created.end)
    if after is not None:
        query = query.where(RESULT.c.last_at >= after.created_at)
    has = [_numbers(RESULT.c.id, bodies).exists() for _, bodies in _word_filters(wanted)]
    has += [_numbers(RESULT.c.id, (body,)).exists() for _, body in _attribute_filters(wanted)]
    return query.where(*has)


def _findings(connection: Connection, wanted: FindingFilter, result: Row[Any], after: Cursor | None) -> Select[Any]:
    """Ask for the findings of one run that are wanted, in order."""
    query = select(FINDING.c.created_at, FINDING.c.id).where(FINDING.c.result_id == result.id)
    query = query.order_by(FINDING.c.created_at, FINDING.c.id)
    if after is not None:
        query = query.where(_follows(result.run_arn, after))
    if wanted.severities:
        query = query.where(FINDING.c.severity.in_([SEVERITIES.index(one) for one in wanted.severities]))
    if wanted.created.begin is not None:
        query = query.where(FINDING.c.created_at >= to_micros(wanted.created.begin))
    if wanted.created.end is not None:
        query = query.where(FINDING.c.created_at <= to_micros(wanted.created.end))
    for column, bodies in _word_filters(wanted):
        query = query.where(column.in_(_numbers(literal(result.id), bodies)))
    for packed, body in _attribute_filters(wanted):
        number = cast(_numbers(literal(result.id), (body,)).scalar_subquery(), Word)
        query = query.where(contains(connection, packed, literal(" ") + number + literal(" ")))
    return query


def _follows(run: RunArn, cursor: Cursor) -> ColumnElement[bool]:
    """Whether a finding of ``run`` stands after the cursor; between runs the order of their ARNs decides."""
    created_at = to_micros(cursor.created_at)
    start = finding_arn(run, "")
    if cursor.arn.startswith(start):
        position = tuple_(literal(created_at), literal(cursor.arn[len(start) :], Word))
        return tuple_(FINDING.c.created_at, FINDING.c.id) > position
    return FINDING.c.created_at >= created_at if start > cursor.arn else FINDING.c.created_at > created_at


def _word_filters(wanted: FindingFilter) -> list[tuple[Column[int], tuple[str, ...]]]:
    filters: tuple[tuple[Column[int], tuple[str, ...]], ...] = (
        (FINDING.c.agent, wanted.agent_ids),
        (FINDING.c.auto_scaling_group, wanted.auto_scaling_groups),
        (FINDING.c.rule, wanted.rule_names),
        (FINDING.c.rules_package, wanted.rules_package_arns),
    )
    return [(column, tuple(map(to_json, words))) for column, words in filters if words]


def _attribute_filters(wanted: FindingFilter) -> list[tuple[Column[str], str]]:
    system = [(FINDING.c.attributes, body) for body in attribute_bodies(wanted.attributes)]
    return system + [(FINDING.c.user_attributes, body) for body in attribute_bodies(wanted.user_attributes)]


def _numbers(result_id: ColumnElement[int], bodies: Iterable[str]) -> Select[Any]:
    """Ask for the numbers that a run gave to any of these texts."""
    return select(TEXT.c.id).where(TEXT.c.result_id == result_id, TEXT.c.digest.in_(list(map(digest, bodies))))
