"""Findings to rows of numbers, and back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Row

from openinspector.model.arn import FindingArn, RulesPackageArn, RunArn, finding_arn
from openinspector.model.asset import AssetAttributes
from openinspector.model.errors import StoreError
from openinspector.model.finding import Attribute, Finding, Severity
from openinspector.service.stores.columns import from_micros, to_json, to_micros
from openinspector.service.stores.findings.texts import TextWriter, intern_texts, pack, read_prose, read_texts, unpack

SEVERITY_CODES: Final[Mapping[Severity, int]] = MappingProxyType(
    {
        Severity.HIGH: 0,
        Severity.MEDIUM: 1,
        Severity.LOW: 2,
        Severity.INFORMATIONAL: 3,
        Severity.UNDEFINED: 4,
    }
)
"""How severities are stored. Part of the stored format."""

_SEVERITIES: Final = MappingProxyType({code: severity for severity, code in SEVERITY_CODES.items()})
_DECODE_WORD: Final = msgspec.json.Decoder(str)
_DECODE_ASSET: Final = msgspec.json.Decoder(AssetAttributes)
_DECODE_ATTRIBUTE: Final = msgspec.json.Decoder(Attribute)


class FindingRow(NamedTuple):
    """A row of the table ``finding``, columns in the table's order (a test compares them).

    Times are microseconds since 1970. Fields from ``rules_package`` to ``evidence`` are numbers of texts.
    """

    result_id: int
    id: str
    created_at: int
    updated_at: int
    severity: int
    attributes: str
    user_attributes: str
    rules_package: int
    rule: int
    agent: int
    auto_scaling_group: int | None
    asset: int
    title: int
    description: int
    recommendation: int
    evidence: int
    position: int = -1
    """Block number × `BLOCK` + place; -1 until the row is placed in a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Texts:
    """The texts of one finding, as they are stored."""

    rules_package: str
    rule: str
    agent: str
    auto_scaling_group: str | None
    asset: str
    title: str
    description: str
    recommendation: str
    evidence: str
    attributes: tuple[str, ...]
    user_attributes: tuple[str, ...]

    def all(self) -> Iterator[str]:
        """Yield every text."""
        if self.auto_scaling_group is not None:
            yield self.auto_scaling_group
        yield from (self.rules_package, self.rule, self.agent, self.asset)
        yield from (self.title, self.description, self.recommendation, self.evidence)
        yield from self.attributes
        yield from self.user_attributes


def to_rows(connection: Connection, result_id: int, findings: Sequence[Finding]) -> list[FindingRow]:
    """Return unplaced rows of one run's findings and store their texts. The caller has locked the result."""
    writer = TextWriter()
    apart = [_texts_of(finding, writer) for finding in findings]
    numbers = intern_texts(connection, result_id, {text for texts in apart for text in texts.all()})
    return [_row(result_id, finding, texts, numbers) for finding, texts in zip(findings, apart, strict=True)]


def from_rows(connection: Connection, run: RunArn, rows: Sequence[Row[Any]]) -> Iterator[Finding]:
    """Yield the findings of one run from their rows."""
    wanted = {number for row in rows for number in _numbers(row)}
    bodies = read_texts(connection, wanted)
    assets = {row.asset: _DECODE_ASSET.decode(bodies[row.asset]) for row in rows}
    for row in rows:
        yield _finding(run, row, bodies, assets[row.asset])


def finding_id(arn: FindingArn, run: RunArn) -> str:
    """Return the part of a finding's ARN that follows its run's; StoreError if it belongs to another run."""
    start = finding_arn(run, "")
    if not arn.startswith(start):
        raise StoreError(f"{arn} is not a finding of {run}")
    return arn[len(start) :]


def attribute_bodies(attributes: Iterable[Attribute]) -> tuple[str, ...]:
    """Return the stored texts of attributes."""
    return tuple(map(to_json, attributes))


def read_attributes(packed: str, bodies: Mapping[int, str]) -> tuple[Attribute, ...]:
    """Return attributes from the packed numbers of their texts."""
    return tuple(_DECODE_ATTRIBUTE.decode(bodies[number]) for number in unpack(packed))


def _texts_of(finding: Finding, writer: TextWriter) -> _Texts:
    agent, group = finding.asset.agent_id, finding.asset.auto_scaling_group
    return _Texts(
        rules_package=writer.word(finding.rules_package_arn),
        rule=writer.word(finding.rule_id),
        agent=writer.word(agent),
        auto_scaling_group=None if group is None else writer.word(group),
        asset=writer.asset(finding.asset),
        title=writer.prose(finding.title, agent),
        description=writer.prose(finding.description, agent),
        recommendation=writer.prose(finding.recommendation, agent),
        evidence=writer.prose(finding.evidence, agent),
        attributes=attribute_bodies(finding.attributes),
        user_attributes=attribute_bodies(finding.user_attributes),
    )


def _row(result_id: int, finding: Finding, texts: _Texts, numbers: Mapping[str, int]) -> FindingRow:
    return FindingRow(
        result_id=result_id,
        id=finding_id(finding.arn, finding.run_arn),
        created_at=to_micros(finding.created_at),
        updated_at=to_micros(finding.updated_at),
        severity=SEVERITY_CODES[finding.severity],
        attributes=pack(map(numbers.__getitem__, texts.attributes)),
        user_attributes=pack(map(numbers.__getitem__, texts.user_attributes)),
        rules_package=numbers[texts.rules_package],
        rule=numbers[texts.rule],
        agent=numbers[texts.agent],
        auto_scaling_group=None if texts.auto_scaling_group is None else numbers[texts.auto_scaling_group],
        asset=numbers[texts.asset],
        title=numbers[texts.title],
        description=numbers[texts.description],
        recommendation=numbers[texts.recommendation],
        evidence=numbers[texts.evidence],
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
        severity=_SEVERITIES[row.severity],
        asset=asset,
        attributes=read_attributes(row.attributes, bodies),
        user_attributes=read_attributes(row.user_attributes, bodies),
        evidence=read_prose(bodies[row.evidence], agent),
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
    )
