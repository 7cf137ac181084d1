"""Count findings: the hosts of each body of a run, and how many match a filter, by severity and rules package."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from openinspector.engine.run_summary import BodyHosts
from openinspector.model.arn import RulesPackageArn, RunArn
from openinspector.service.ports.finding_store import FindingFilter, MatchCounts
from openinspector.service.stores.finding_schema import FINDING, FINDING_BITS, RESULT
from openinspector.service.stores.findings.bits import BitsKind, decode
from openinspector.service.stores.findings.bodies import SEVERITY_CODES, read_bodies
from openinspector.service.stores.findings.pages import matching_bits
from openinspector.service.stores.findings.texts import read_texts
from openinspector.service.stores.query import in_batches

_BODIES: Final = 1000
_COUNTED: Final = (BitsKind.SEVERITY, BitsKind.RULES_PACKAGE)
_DECODE_WORD: Final = msgspec.json.Decoder(str)
_DECODE_PACKAGE: Final = msgspec.json.Decoder(RulesPackageArn)


def read_body_hosts(connection: Connection, run: RunArn) -> Iterator[BodyHosts]:
    """Yield every body of a run with its hosts."""
    query = select(FINDING.c.body, FINDING.c.agent).join(RESULT, RESULT.c.id == FINDING.c.result_id)
    hosts: dict[int, set[int]] = defaultdict(set)
    for body, agent in connection.execute(query.where(RESULT.c.run_arn == run)):
        hosts[body].add(agent)
    texts = read_texts(connection, set().union(*hosts.values()))
    names = {number: _DECODE_WORD.decode(text) for number, text in texts.items()}
    numbers = sorted(hosts)
    for start in range(0, len(numbers), _BODIES):
        for number, stored in read_bodies(connection, numbers[start : start + _BODIES]).items():
            yield BodyHosts(
                rules_package_arn=stored.rules_package_arn,
                body=stored.body,
                hosts=frozenset(names[agent] for agent in hosts[number]),
            )


def count_matches(connection: Connection, wanted: FindingFilter) -> MatchCounts:
    """Return how many findings match a filter."""
    found = matching_bits(connection, wanted)
    counts: dict[BitsKind, Counter[int]] = {kind: Counter() for kind in _COUNTED}
    columns = (FINDING_BITS.c.block, FINDING_BITS.c.kind, FINDING_BITS.c.value, FINDING_BITS.c.bits)
    for blocks in in_batches(tuple(found)):
        query = select(*columns).where(FINDING_BITS.c.kind.in_(_COUNTED), FINDING_BITS.c.block.in_(blocks))
        for row in connection.execute(query):
            counts[BitsKind(row.kind)][row.value] += (decode(row.bits) & found[row.block]).bit_count()
    return MatchCounts(
        total=sum(bits.bit_count() for bits in found.values()),
        severities={severity: counts[BitsKind.SEVERITY][code] for severity, code in SEVERITY_CODES.items()},
        rules_packages=_by_package(connection, counts[BitsKind.RULES_PACKAGE]),
    )


def _by_package(connection: Connection, counts: Mapping[int, int]) -> Mapping[RulesPackageArn, int]:
    """Return counts by rules package: each run has a text of its own for it."""
    summed: Counter[RulesPackageArn] = Counter()
    for number, text in read_texts(connection, counts).items():
        summed[_DECODE_PACKAGE.decode(text)] += counts[number]
    return {package: count for package, count in sorted(summed.items()) if count}
