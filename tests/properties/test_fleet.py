"""Laws of judging a fleet: memory of other hosts changes nothing."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.test_matching import SCHEMES, lists, packages, releases

from openinspector.engine.by_products import by_product_of
from openinspector.engine.case import Case
from openinspector.engine.coverage import coverage_of, plain_coverage
from openinspector.engine.fleet import Conclude, FleetJudge
from openinspector.engine.kernel import KernelRole, running_release
from openinspector.engine.match import AdvisoryIndex, Match
from openinspector.engine.rule import Detected, Outcome, RuleContext
from openinspector.model.activity import Process
from openinspector.model.advisory import Advisory
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import ListeningPort, Package, TransportProtocol
from openinspector.rules.common_vulnerabilities.known_vulnerabilities import RULE
from openinspector.testing.match_builders import advisory, fix, host, installed
from openinspector.testing.plain_cases import plain_cases

Conclusion = tuple[object, ...]


def is_by_product(package: Package) -> bool:
    return by_product_of(package) is not None


def conclusion_of(case: Case) -> Conclusion:
    """Return everything that a rule can read of a case."""
    kernel: tuple[object, ...] = ()
    if any(match.role is not KernelRole.ORDINARY for match in case.matches):
        kernel = (running_release(case.kernel), [case.is_installed(match) for match in case.matches])
    return (
        case.identity,
        case.matches,
        case.deciding,
        case.scores,
        case.advisories,
        case.record,
        case.exposure,
        kernel,
    )


CONCLUDE: Conclude[Conclusion] = Conclude(
    of_case=conclusion_of, of_by_product=lambda matches: matches, is_by_product=is_by_product
)


def plain(facts: HostFacts, index: AdvisoryIndex) -> tuple[Conclusion | tuple[Match, ...], ...]:
    cases, apart = plain_cases(facts, index, is_by_product)
    return (*map(conclusion_of, cases), *apart)


@st.composite
def fleets(draw: st.DrawFn) -> list[HostFacts]:
    """Return hosts that have packages in common: some the same objects, some equal copies."""
    pool = draw(st.lists(packages(), min_size=1, max_size=8, unique=True))
    names = st.sampled_from(sorted({package.name for package in pool}))
    hosts = []
    for number in range(draw(st.integers(1, 5))):
        chosen = draw(st.lists(st.sampled_from(pool), max_size=6, unique=True))
        copied = [replace(package) if draw(st.booleans()) else package for package in chosen]
        running = [
            Process(process_id=identity, parent_id=1, uid=0, name=name, package=name)
            for identity, name in enumerate(draw(st.lists(names, max_size=2, unique=True)), start=2)
        ]
        ports = [
            ListeningPort(
                transport=TransportProtocol.TCP, ip_version=4, address="0.0.0.0", port=1, process_id=one.process_id
            )
            for one in running[:1]
        ]
        facts = host(copied, distribution="x:9.4", kernel=(draw(releases), ""), others=(*running, *ports))
        hosts.append(replace(facts, agent_id=f"i-{number}"))
    return hosts


@given(fleets(), lists)
@settings(max_examples=300)
def test_a_fleet_is_judged_as_each_host_by_itself(hosts: list[HostFacts], known: list[Advisory]) -> None:
    index = AdvisoryIndex(known, schemes=SCHEMES, fingerprints={})
    judge = FleetJudge(index, CONCLUDE)
    for facts in (*hosts, *hosts):
        assert judge.judge(facts).conclusions == plain(facts, index)


@given(fleets(), lists)
def test_coverage_of_a_fleet_is_that_of_each_host_by_itself(hosts: list[HostFacts], known: list[Advisory]) -> None:
    index = AdvisoryIndex(known, schemes=SCHEMES, fingerprints={})
    for facts in (*hosts, *hosts):
        assert coverage_of(facts, index) == plain_coverage(facts, index)


def outcome(facts: HostFacts, known: list[Advisory], index: AdvisoryIndex | None = None) -> Outcome:
    return RULE.evaluate(facts, RuleContext(advisories=index or AdvisoryIndex(known, schemes=SCHEMES, fingerprints={})))


@given(fleets(), lists)
def test_a_fleet_changes_nothing_in_the_outcome_of_the_rule(hosts: list[HostFacts], known: list[Advisory]) -> None:
    shared = AdvisoryIndex(known, schemes=SCHEMES, fingerprints={})
    for facts in hosts:
        assert outcome(facts, known, shared) == outcome(facts, known)


def test_equal_hosts_share_their_detections() -> None:
    """Otherwise nothing is remembered, and a fleet costs as much as its hosts."""
    index = AdvisoryIndex([advisory("CVE-2026-1", fix("a", "2"))], schemes=SCHEMES, fingerprints={})
    first, second = (host([installed("a", "1")]) for _ in range(2))
    found = [RULE.evaluate(facts, RuleContext(advisories=index)) for facts in (first, second)]
    detections = [one.detections[0] for one in found if isinstance(one, Detected)]
    assert len(detections) == 2
    assert detections[0] is detections[1]
