"""Bodies of findings, stored once per run and rules package and referred to by number.

The values of a body that lists can be filtered by are columns of its row: severity, rules package, rule, attributes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select

from openinspector.engine.bounds import fit_attributes
from openinspector.engine.finding_text import body_attributes
from openinspector.model.arn import RulesPackageArn
from openinspector.model.finding import AnyBody, Finding, Severity
from openinspector.service.stores.columns import to_json
from openinspector.service.stores.finding_schema import FINDING_BODY
from openinspector.service.stores.findings.texts import digest, intern_texts, pack, read_texts, unpack
from openinspector.service.stores.query import in_batches

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

_DECODE_BODY: Final[msgspec.json.Decoder[AnyBody]] = msgspec.json.Decoder(AnyBody)
_DECODE_WORD: Final = msgspec.json.Decoder(str)


class StoredBody(NamedTuple):
    """A body and the rules package whose rule found the issue."""

    rules_package_arn: RulesPackageArn
    body: AnyBody


class BodyKeys(NamedTuple):
    """The values of a body that lists can be filtered by: a code, and numbers of texts."""

    severity: int
    rules_package: int
    rule: int
    attributes: tuple[int, ...]


class _Encoded(NamedTuple):
    package: str
    content: str

    @property
    def digest(self) -> bytes:
        return digest(f"{self.package}\n{self.content}")


def intern_bodies(connection: Connection, result_id: int, findings: Sequence[Finding]) -> list[int]:
    """Return the number of each finding's body; add new bodies. The caller has locked the result.

    Findings that share a body object encode it once.
    """
    by_object: dict[tuple[int, str], _Encoded] = {}
    bodies: dict[_Encoded, AnyBody] = {}
    encoded: list[_Encoded] = []
    for finding in findings:
        place = (id(finding.body), finding.rules_package_arn)
        known = by_object.get(place)
        if known is None:
            known = by_object[place] = _Encoded(to_json(finding.rules_package_arn), to_json(finding.body))
            bodies.setdefault(known, finding.body)
        encoded.append(known)
    numbers = _numbers(connection, result_id, bodies)
    return [numbers[one] for one in encoded]


def read_bodies(connection: Connection, numbers: Collection[int]) -> Mapping[int, StoredBody]:
    """Return bodies by number."""
    found: dict[int, tuple[int, AnyBody]] = {}
    for wanted in in_batches(tuple(numbers)):
        query = select(FINDING_BODY.c.id, FINDING_BODY.c.rules_package, FINDING_BODY.c.content)
        for row in connection.execute(query.where(FINDING_BODY.c.id.in_(wanted))):
            found[row.id] = row.rules_package, _DECODE_BODY.decode(row.content)
    words = read_texts(connection, {package for package, _ in found.values()})
    packages = {number: RulesPackageArn(_DECODE_WORD.decode(text)) for number, text in words.items()}
    return {number: StoredBody(packages[package], body) for number, (package, body) in found.items()}


def read_keys(connection: Connection, numbers: Collection[int]) -> Mapping[int, BodyKeys]:
    """Return what bodies can be filtered by, by number."""
    found: dict[int, BodyKeys] = {}
    columns = (FINDING_BODY.c[name] for name in ("id", *BodyKeys._fields))
    query = select(*columns)
    for wanted in in_batches(tuple(numbers)):
        for row in connection.execute(query.where(FINDING_BODY.c.id.in_(wanted))):
            found[row.id] = BodyKeys(row.severity, row.rules_package, row.rule, tuple(unpack(row.attributes)))
    return found


def _numbers(connection: Connection, result_id: int, bodies: Mapping[_Encoded, AnyBody]) -> Mapping[_Encoded, int]:
    by_digest = {one.digest: one for one in bodies}
    numbers: dict[_Encoded, int] = {}
    for wanted in in_batches(tuple(by_digest)):
        known = select(FINDING_BODY.c.id, FINDING_BODY.c.digest).where(
            FINDING_BODY.c.result_id == result_id, FINDING_BODY.c.digest.in_(wanted)
        )
        numbers |= {by_digest[bytes(key)]: number for number, key in connection.execute(known)}
    new = [one for one in bodies if one not in numbers]
    if new:
        rows = _rows(connection, result_id, {one: bodies[one] for one in new})
        added = connection.execute(insert(FINDING_BODY).returning(FINDING_BODY.c.id, FINDING_BODY.c.digest), rows)
        numbers |= {by_digest[bytes(key)]: number for number, key in added}
    return numbers


def _rows(connection: Connection, result_id: int, bodies: Mapping[_Encoded, AnyBody]) -> list[dict[str, object]]:
    """Return the rows of new bodies; store the texts that they can be filtered by."""
    attributes = {one: tuple(map(to_json, fit_attributes(body_attributes(body)))) for one, body in bodies.items()}
    rules = {one: to_json(body.rule_id) for one, body in bodies.items()}
    texts = intern_texts(connection, result_id, set(_texts(attributes.values(), rules.values(), bodies)))
    return [
        {
            "result_id": result_id,
            "digest": one.digest,
            "severity": SEVERITY_CODES[body.severity],
            "rules_package": texts[one.package],
            "rule": texts[rules[one]],
            "attributes": pack(texts[text] for text in attributes[one]),
            "content": one.content,
        }
        for one, body in bodies.items()
    ]


def _texts(attributes: Iterable[Iterable[str]], rules: Iterable[str], bodies: Iterable[_Encoded]) -> Iterable[str]:
    for texts in attributes:
        yield from texts
    yield from rules
    yield from (one.package for one in bodies)
