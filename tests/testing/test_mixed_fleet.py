"""The generated fleet: the same for a seed, of four distributions, alike, and found vulnerable."""

from openinspector.engine.match import AdvisoryIndex
from openinspector.model.inventory import Package
from openinspector.testing.match_builders import version_schemes
from openinspector.testing.mixed_fleet import MixedFleet

SMALL = {"packages_per_host": 60, "base_packages": 40, "roles": 3, "sources": 100, "advisories": 200}


def test_a_seed_gives_the_same_fleet() -> None:
    first, second = MixedFleet(**SMALL), MixedFleet(**SMALL)
    assert list(first.hosts(8)) == list(second.hosts(8))
    assert first.all_advisories() == second.all_advisories()
    assert MixedFleet(seed=2, **SMALL).host(0) != first.host(0)


def test_hosts_are_of_four_distributions_and_share_packages() -> None:
    hosts = list(MixedFleet(**SMALL).hosts(40))
    assert {facts.distribution for facts in hosts} == {"debian:12", "ubuntu:22.04", "almalinux:9", "alpine:3.19"}
    packages = [package for facts in hosts for package in facts.all(Package)]
    assert len(packages) == 40 * 60
    assert len({id(package) for package in packages}) == len(set(packages)) < len(packages) / 2


def test_some_packages_are_vulnerable_and_some_vulnerabilities_span_sources() -> None:
    fleet = MixedFleet(**SMALL)
    index = AdvisoryIndex(fleet.all_advisories(), schemes=version_schemes(), fingerprints={})
    found = [index.matches(facts) for facts in fleet.hosts(40)]
    assert sum(bool(matches) for matches in found) > 30
    sources = {
        (match.advisory.feed, identity, match.package.source_name)
        for matches in found
        for match in matches
        for identity in match.identities
    }
    assert len({(feed, identity) for feed, identity, _ in sources}) < len(sources)
    assert fleet.vulnerabilities().keys() >= {identity for _, identity, _ in sources}
