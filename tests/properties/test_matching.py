"""Laws of matching: the index says what the plain evaluator says, and more advisories never mean fewer findings."""

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.engine.match import AdvisoryIndex, Match
from openinspector.engine.reference import PlainMatch, plain_matches
from openinspector.model.advisory import NOT_MODULAR, Advisory, Fix, FixState, PackageKind, Status, Target
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package, PackageManager
from openinspector.testing.match_builders import host, installed, version_schemes

SCHEMES = version_schemes()
MODULE = "nodejs:18"

versions = st.sampled_from(
    ["1.0-1", "1.0-2", "1.1~rc1-1", "1.1-1", "2.0-1", "1:0.5-1", "1.0", "1.1-1.el9_2", "1.0-3.el9_2", "1.1-2.el9_3"]
)
names = st.sampled_from(["a", "b", "linux", "kernel-core"])
vulnerabilities = st.lists(st.sampled_from([f"CVE-2026-000{n}" for n in range(4)]), max_size=3, unique=True)
releases = st.sampled_from(["6.1.0-29-amd64", "1.0-1.x86_64", "none"])


@st.composite
def packages(draw: st.DrawFn) -> Package:
    manager = draw(st.sampled_from([PackageManager.DPKG, PackageManager.RPM]))
    source = (draw(st.sampled_from(["", "a", "linux", "linux-signed-amd64"])), draw(versions))
    name = draw(st.one_of(names, st.sampled_from(["linux-image-6.1.0-29-amd64", "linux-image-6.1.0-30-amd64"])))
    package = installed(name, draw(versions), manager=manager, source=source)
    return replace(package, module=draw(st.sampled_from(["", f"{MODULE}:1:2", "nodejs:16:1:2"])))


targets = st.builds(
    Target,
    stream=st.sampled_from(["x:9", "x:9.4", "x:8"]),
    kind=st.sampled_from(PackageKind),
    name=names,
    module=st.sampled_from(["", "", NOT_MODULAR, MODULE]),
    architectures=st.sampled_from([(), (), ("x86_64",), ("amd64", "arm64")]),
)
fixes = st.builds(Fix, target=targets, version=versions, introduced=st.one_of(st.just(""), versions))


@st.composite
def advisories_(draw: st.DrawFn) -> Advisory:
    named = draw(vulnerabilities)
    one = st.sampled_from(["", *named])
    statuses = st.builds(Status, target=targets, state=st.sampled_from(FixState), vulnerability=one)
    return Advisory(
        id=draw(st.sampled_from(["X-1", "X-2", "X-3"])),
        feed=draw(st.sampled_from(["one", "two"])),
        vulnerabilities=tuple(named),
        fixes=tuple(draw(st.lists(fixes, max_size=2))),
        statuses=tuple(draw(st.lists(statuses, max_size=2))),
    )


advisories = advisories_()
lists = st.lists(advisories, max_size=6)
hosts = st.builds(
    lambda found, release: host(found, distribution="x:9.4", kernel=(release, "")),
    st.lists(packages(), max_size=6, unique=True),
    releases,
)


def matched(facts: HostFacts, known: list[Advisory]) -> tuple[Match, ...]:
    return AdvisoryIndex(known, schemes=SCHEMES, fingerprints={}).matches(facts)


def plain(match: Match) -> PlainMatch:
    return PlainMatch(
        package=match.package,
        feed=match.advisory.feed,
        advisory_id=match.advisory.id,
        stream=match.target.stream,
        vulnerabilities=frozenset(match.vulnerabilities),
    )


def findings(matches: tuple[Match, ...]) -> set[tuple[Package, str, str]]:
    return {(match.package, match.advisory.feed, identity) for match in matches for identity in match.identities}


@given(hosts, lists)
@settings(max_examples=300)
def test_fast_and_plain_evaluators_agree(facts: HostFacts, known: list[Advisory]) -> None:
    assert {plain(match) for match in matched(facts, known)} == plain_matches(facts, known, SCHEMES)


@given(hosts, lists, advisories)
def test_adding_a_not_affected_status_never_adds_a_finding(
    facts: HostFacts, known: list[Advisory], added: Advisory
) -> None:
    denials = tuple(one for one in added.statuses if one.state is FixState.NOT_AFFECTED)
    before, after = matched(facts, known), matched(facts, [*known, replace(added, fixes=(), statuses=denials)])
    assert findings(after) <= findings(before)


@given(hosts, lists, advisories)
def test_statements_about_other_streams_change_nothing(
    facts: HostFacts, known: list[Advisory], added: Advisory
) -> None:
    moved = replace(
        added,
        feed="third",
        fixes=tuple(replace(one, target=replace(one.target, stream="x:8")) for one in added.fixes),
        statuses=tuple(replace(one, target=replace(one.target, stream="x:8")) for one in added.statuses),
    )
    assert findings(matched(facts, known)) == findings(matched(facts, [*known, moved]))


@given(hosts, lists, st.randoms(use_true_random=False))
def test_order_of_advisories_and_packages_does_not_matter(
    facts: HostFacts, known: list[Advisory], random: Random
) -> None:
    shuffled = list(known)
    random.shuffle(shuffled)
    mixed = list(facts.all(Package))
    random.shuffle(mixed)
    again = host(mixed, distribution="x:9.4")
    again = replace(facts, records={**facts.records, Package: again.all(Package)})
    assert [plain(match) for match in matched(again, shuffled)] == [plain(match) for match in matched(facts, known)]


@given(hosts, lists)
def test_matching_is_repeatable(facts: HostFacts, known: list[Advisory]) -> None:
    index = AdvisoryIndex(known, schemes=SCHEMES, fingerprints={})
    assert index.matches(facts) == index.matches(facts)
