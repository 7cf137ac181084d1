"""Matching a fleet: 1,000 hosts × 600 packages against all of AlmaLinux's errata."""

import os
import random
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.rule import Detected, RuleContext
from openinspector.feed import Document, Source
from openinspector.feeds.almalinux import FEED
from openinspector.model.advisory import Advisory
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import Package, PackageManager
from openinspector.rules.common_vulnerabilities.known_vulnerabilities import RULE
from openinspector.testing.match_builders import host, index, installed
from openinspector.testing.process_usage import peak_memory_mib

SHARED = Path(os.environ.get("OPENINSPECTOR_SHARED", Path(__file__).resolve().parent.parent.parent / "shared"))
HOSTS = 1_000
PACKAGES = 600

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def advisories() -> list[Advisory]:
    with tarfile.open(SHARED / "data" / "feeds" / "almalinux-osv.tar.xz") as archive:
        found = ((member.name, archive.extractfile(member)) for member in archive if member.name.endswith(".json"))
        documents = [
            Document(source=Source(name=name, url=""), content=stream.read())
            for name, stream in found
            if stream is not None
        ]
    start = time.perf_counter()
    parsed = [found for found in FEED.parse(documents) if isinstance(found, Advisory)]
    statements = sum(len(advisory.fixes) for advisory in parsed)
    print(
        f"\nparse: {len(documents):,} records to {len(parsed):,} advisories, {statements:,} statements "
        f"in {time.perf_counter() - start:.2f} s"
    )
    return parsed


def fleet(advisories: list[Advisory], *, own_versions: bool) -> list[HostFacts]:
    """Return hosts whose packages stand at versions around the fixes.

    With ``own_versions`` no package of one host equals one of another, so that nothing remembered helps.
    """
    source = random.Random(9)
    fixes: dict[str, list[str]] = {}
    for advisory in advisories:
        for fix in advisory.fixes:
            if fix.target.stream == "almalinux:9" and ".module" not in fix.version:
                fixes.setdefault(fix.target.name, []).append(fix.version)
    names = sorted(fixes)
    hosts = []
    for number in range(HOSTS):
        packages: list[Package] = []
        for name in source.sample(names, PACKAGES):
            package = installed(name, source.choice(fixes[name]), manager=PackageManager.RPM)
            unlike = replace(package, version=f"{package.version}.h{number}")
            packages.append(unlike if own_versions else package)
        hosts.append(host(packages, distribution="almalinux:9.4"))
    return hosts


@pytest.mark.parametrize("own_versions", [False, True], ids=["versions shared", "no version shared"])
def test_match_a_fleet(advisories: list[Advisory], *, own_versions: bool) -> None:
    hosts = fleet(advisories, own_versions=own_versions)
    start = time.perf_counter()
    known: AdvisoryIndex = index(*advisories)
    made = time.perf_counter() - start
    start = time.perf_counter()
    matches = sum(len(known.matches(facts)) for facts in hosts)
    took = time.perf_counter() - start
    memory = peak_memory_mib()
    print(
        f"\nmatch: {HOSTS:,} hosts x {PACKAGES} packages, {matches:,} matches in {took:.2f} s "
        f"({HOSTS / took:,.0f} hosts/s); index made in {made:.2f} s; peak {memory:,.0f} MiB"
    )
    assert matches > HOSTS


def test_evaluate_the_rule_on_hosts(advisories: list[Advisory]) -> None:
    context = RuleContext(advisories=index(*advisories))
    hosts = fleet(advisories, own_versions=False)[:50]
    start = time.perf_counter()
    found = 0
    for facts in hosts:
        outcome = RULE.evaluate(facts, context)
        found += len(outcome.detections) if isinstance(outcome, Detected) else 0
    took = time.perf_counter() - start
    print(f"\nrule: {len(hosts)} hosts, {found:,} detections in {took:.2f} s ({found / took:,.0f} detections/s)")
    assert found > 0
