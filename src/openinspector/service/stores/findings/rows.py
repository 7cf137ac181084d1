"""Findings to rows of numbers, and back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Row

from openinspector.model.arn import FindingArn, RunArn, finding_arn
from openinspector.model.asset import AssetAttributes
from openinspector.model.errors import StoreError
from openinspector.model.finding import Attribute, Finding
from openinspector.service.stores.columns import from_micros, to_json, to_micros
from openinspector.service.stores.findings.bodies import StoredBody, intern_bodies, read_bodies
from openinspector.service.stores.findings.texts import TextWriter, intern_texts, pack, read_texts, unpack

_DECODE_ASSET: Final = msgspec.json.Decoder(AssetAttributes)
_DECODE_ATTRIBUTE: Final = msgspec.json.Decoder(Attribute)


class FindingRow(NamedTuple):
    """A row of the table ``finding``, columns in the table's order (a test compares them).

    Times are microseconds since 1970. ``agent``, ``auto_scaling_group`` and ``asset`` are numbers of texts, ``body`` is
    the number of a body.
    """

    result_id: int
    id: str
    created_at: int
    updated_at: int
    attributes: str
    user_attributes: str
    agent: int
    auto_scaling_group: int | None
    asset: int
    body: int
    position: int = -1
    """Block number × `BLOCK` + place; -1 until the row is placed in a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Texts:
    """The texts of one finding's host, as they are stored."""

    agent: str
    auto_scaling_group: str | None
    asset: str
    attributes: tuple[str, ...]
    user_attributes: tuple[str, ...]

    def all(self) -> Iterator[str]:
        """Yield every text."""
        if self.auto_scaling_group is not None:
            yield self.auto_scaling_group
        yield from (self.agent, self.asset)
        yield from self.attributes
        yield from self.user_attributes


def to_rows(connection: Connection, result_id: int, findings: Sequence[Finding]) -> list[FindingRow]:
    """Return unplaced rows of one run's findings; store their texts and bodies. The caller has locked the result."""
    writer = TextWriter()
    apart = [_texts_of(finding, writer) for finding in findings]
    numbers = intern_texts(connection, result_id, {text for texts in apart for text in texts.all()})
    bodies = intern_bodies(connection, result_id, findings)
    return [
        _row(result_id, finding, texts, numbers, body)
        for finding, texts, body in zip(findings, apart, bodies, strict=True)
    ]


def from_rows(connection: Connection, run: RunArn, rows: Sequence[Row[Any]]) -> Iterator[Finding]:
    """Yield the findings of one run from their rows."""
    texts = read_texts(connection, {number for row in rows for number in _numbers(row)})
    bodies = read_bodies(connection, {row.body for row in rows})
    assets = {row.asset: _DECODE_ASSET.decode(texts[row.asset]) for row in rows}
    for row in rows:
        yield _finding(run, row, texts, bodies[row.body], assets[row.asset])


def finding_id(arn: FindingArn, run: RunArn) -> str:
    """Return the part of a finding's ARN that follows its run's; StoreError if it belongs to another run."""
    start = finding_arn(run, "")
    if not arn.startswith(start):
        raise StoreError(f"{arn} is not a finding of {run}")
    return arn[len(start) :]


def stored_attributes(attributes: Iterable[Attribute]) -> tuple[str, ...]:
    """Return the stored texts of attributes."""
    return tuple(map(to_json, attributes))


def read_attributes(packed: str, texts: Mapping[int, str]) -> tuple[Attribute, ...]:
    """Return attributes from the packed numbers of their texts."""
    return tuple(_DECODE_ATTRIBUTE.decode(texts[number]) for number in unpack(packed))


def _texts_of(finding: Finding, writer: TextWriter) -> _Texts:
    group = finding.asset.auto_scaling_group
    return _Texts(
        agent=writer.word(finding.asset.agent_id),
        auto_scaling_group=None if group is None else writer.word(group),
        asset=writer.asset(finding.asset),
        attributes=stored_attributes(finding.attributes),
        user_attributes=stored_attributes(finding.user_attributes),
    )


def _row(result_id: int, finding: Finding, texts: _Texts, numbers: Mapping[str, int], body: int) -> FindingRow:
    return FindingRow(
        result_id=result_id,
        id=finding_id(finding.arn, finding.run_arn),
        created_at=to_micros(finding.created_at),
        updated_at=to_micros(finding.updated_at),
        attributes=pack(map(numbers.__getitem__, texts.attributes)),
        user_attributes=pack(map(numbers.__getitem__, texts.user_attributes)),
        agent=numbers[texts.agent],
        auto_scaling_group=None if texts.auto_scaling_group is None else numbers[texts.auto_scaling_group],
        asset=numbers[texts.asset],
        body=body,
    )


def _numbers(row: Row[Any]) -> Iterator[int]:
    yield row.asset
    yield from unpack(row.attributes)
    yield from unpack(row.user_attributes)


def _finding(run: RunArn, row: Row[Any], texts: Mapping[int, str], body: StoredBody, asset: AssetAttributes) -> Finding:
    return Finding(
        arn=finding_arn(run, row.id),
        run_arn=run,
        rules_package_arn=body.rules_package_arn,
        body=body.body,
        asset=asset,
        attributes=read_attributes(row.attributes, texts),
        user_attributes=read_attributes(row.user_attributes, texts),
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
    )
