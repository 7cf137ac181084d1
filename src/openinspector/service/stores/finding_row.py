"""Findings to rows of numbers, and back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row

from openinspector.model.arn import FindingArn, RulesPackageArn, RunArn, finding_arn
from openinspector.model.asset import AssetAttributes
from openinspector.model.errors import StoreError
from openinspector.model.finding import Attribute, Finding, Severity
from openinspector.service.stores.columns import from_micros, to_json, to_micros
from openinspector.service.stores.finding_text import Wording, intern_texts, pack, read_prose, texts, unpack

SEVERITIES: Final = tuple(Severity)
"""A severity is kept as its place in the enumeration."""

_PLACES: Final = {severity: place for place, severity in enumerate(SEVERITIES)}
_DECODE_WORD: Final = msgspec.json.Decoder(str)
_DECODE_ASSET: Final = msgspec.json.Decoder(AssetAttributes)
_DECODE_ATTRIBUTE: Final = msgspec.json.Decoder(Attribute)


_Row = tuple[Any, ...]
"""The values of a row, in the table's order."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The texts of one finding; ``single`` in the order of FINDING_TEXTS, None where there is none."""

    single: tuple[str | None, ...]
    attributes: tuple[str, ...]
    user_attributes: tuple[str, ...]


def to_rows(connection: Connection, result_id: int, findings: Sequence[Finding]) -> list[_Row]:
    """Return the rows of one run's findings but for their spots; adds their texts. The caller holds the result."""
    wording = Wording()
    apart = [_take_apart(finding, wording) for finding in findings]
    bodies: set[str] = set()
    for parts in apart:
        bodies.update(filter(None, parts.single), parts.attributes, parts.user_attributes)
    numbers = intern_texts(connection, result_id, bodies)
    return [_row(result_id, finding, parts, numbers) for finding, parts in zip(findings, apart, strict=True)]


def from_rows(connection: Connection, run: RunArn, rows: Sequence[Row[Any]]) -> Iterator[Finding]:
    """Yield the findings of one run from their rows."""
    wanted = {number for row in rows for number in _numbers(row)}
    bodies = texts(connection, wanted)
    assets = {row.asset: _DECODE_ASSET.decode(bodies[row.asset]) for row in rows}
    for row in rows:
        yield _finding(run, row, bodies, assets[row.asset])


def finding_id(arn: FindingArn, run: RunArn) -> str:
    """Return what follows the run in a finding's ARN; StoreError where it is not of that run."""
    start = finding_arn(run, "")
    if not arn.startswith(start):
        raise StoreError(f"{arn} is not a finding of {run}")
    return arn[len(start) :]


def attribute_bodies(attributes: Iterable[Attribute]) -> tuple[str, ...]:
    """Return the texts that attributes are kept as."""
    return tuple(map(to_json, attributes))


def read_attributes(packed: str, bodies: Mapping[int, str]) -> tuple[Attribute, ...]:
    """Return attributes from the numbers of their texts."""
    return tuple(_DECODE_ATTRIBUTE.decode(bodies[number]) for number in unpack(packed))


def _take_apart(finding: Finding, wording: Wording) -> _Parts:
    word, prose = wording.word, wording.prose
    agent, group = finding.asset.agent_id, finding.asset.auto_scaling_group
    return _Parts(
        (
            word(finding.rules_package_arn),
            word(finding.rule_id),
            word(agent),
            None if group is None else word(group),
            wording.asset(finding.asset),
            prose(finding.title, agent),
            prose(finding.description, agent),
            prose(finding.recommendation, agent),
            prose(finding.evidence, agent),
        ),
        attribute_bodies(finding.attributes),
        attribute_bodies(finding.user_attributes),
    )


def _row(result_id: int, finding: Finding, parts: _Parts, numbers: Mapping[str, int]) -> _Row:
    return (
        result_id,
        finding_id(finding.arn, finding.run_arn),
        to_micros(finding.created_at),
        to_micros(finding.updated_at),
        _PLACES[finding.severity],
        pack(map(numbers.__getitem__, parts.attributes)),
        pack(map(numbers.__getitem__, parts.user_attributes)),
        *(None if body is None else numbers[body] for body in parts.single),
    )


def _numbers(row: Row[Any]) -> Iterator[int]:
    yield from (row.rules_package, row.rule, row.asset, row.title, row.description, row.recommendation, row.evidence)
    yield from unpack(row.attributes)
    yield from unpack(row.user_attributes)


def _finding(run: RunArn, row: Row[Any], bodies: Mapping[int, str], asset: AssetAttributes) -> Finding:
    agent = asset.agent_id
    return Finding(
        arn=finding_arn(run, row.id),
        run_arn=run,
        rules_package_arn=RulesPackageArn(_DECODE_WORD.decode(bodies[row.rules_package])),
        rule_id=_DECODE_WORD.decode(bodies[row.rule]),
        title=read_prose(bodies[row.title], agent),
        description=read_prose(bodies[row.description], agent),
        recommendation=read_prose(bodies[row.recommendation], agent),
        severity=SEVERITIES[row.severity],
        asset=asset,
        attributes=read_attributes(row.attributes, bodies),
        user_attributes=read_attributes(row.user_attributes, bodies),
        evidence=read_prose(bodies[row.evidence], agent),
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
    )
