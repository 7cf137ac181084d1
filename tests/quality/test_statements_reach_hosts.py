"""Every statement of the native feeds reaches a host that a real os-release describes, and decides rightly there.

A feed whose streams no host asks for is silent, and silence reads as health. So each fix of each publisher is held
against a host of its stream: a build before the fix must be affected, the fixed build must not be.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from tests.quality.native_documents import FEEDS, VULS, members

from openinspector.engine.match import AdvisoryIndex
from openinspector.model.advisory import NOT_MODULAR, Advisory, Fix, Target
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import OperatingSystem, PackageManager
from openinspector.testing.match_builders import host, installed, version_schemes

SOURCES = (
    ("rocky", VULS, r"rocky/updateinfo/testdata/fixtures/happy/.*repodata/.*(updateinfo|modules)"),
    ("amazon", VULS, r"/amazon/testdata/fixtures/updateinfo_(1|2|2022|2023|2_k.*|2023_.*)\.xml\.gz$"),
    ("redhat", VULS, r"redhat/vex/v2/testdata/fixtures/vex-archive\.tar\.zst$"),
    ("redhat", "claircore", r"rhel/vex/testdata/cve-.*\.json$"),
    ("suse", VULS, r"suse/csaf_vex/testdata/fixtures/csaf-vex\.tar\.bz2$"),
    ("ubuntu", VULS, r"ubuntu/osv/testdata/fixtures/happy/osv-all\.tar\.xz$"),
    ("ubuntu", "vunnel", r"ubuntu/test-fixtures/(osv|vex|osv-esm-cases)/.*\.json$"),
    ("alpine", VULS, r"alpine/secdb/testdata/fixtures/.*\.json$"),
    ("arch", "vunnel", r"arch-advisories/all\.json$"),
    ("photon", VULS, r"photon/cve/testdata/fixtures/happy/.*\.json$"),
    ("oracle", VULS, r"oracle/linux/testdata/fixtures/com\..*\.bz2$"),
    ("azurelinux", "azurelinux-oval-2025", r"oval\.xml$"),
    ("almalinux", "almalinux-osv", r"advisories/almalinux10/.*\.json$"),
)
OS_RELEASES = {
    "almalinux:10": "almalinux:10.0",
    "alpine:3.16": "alpine:3.16.9",
    "alpine:3.2": "alpine:3.2.3",
    "alpine:edge": "alpine:3.21.0_alpha20240807",
    "amzn:1": "amzn:2018.03",
    "arch:": "arch:",
    "mariner:1.0": "mariner:1.0",
    "ol:5": "ol:5.11",
    "ol:8": "ol:8.10",
    "opensuse-tumbleweed:": "opensuse-tumbleweed:20260101",
    "rhel:6": "rhel:6.10",
    "rhel:7": "rhel:7.9",
    "rhel:8": "rhel:8.10",
    "rhel:9": "rhel:9.4",
    "rhel:10": "rhel:10.0",
    "rocky:8": "rocky:8.10",
    "rocky:9": "rocky:9.4",
    "sles:15.0": "sles:15",
}
"""``ID:VERSION_ID`` of a host by general stream, where they differ."""
MANAGERS = {"dpkg": PackageManager.DPKG, "apk": PackageManager.APK, "alpm": PackageManager.PACMAN}
SCHEMES = version_schemes()
Place = tuple[str, str]
"""Stream and package name."""
MOST = 1500
"""Fixes of one feed that are tried: enough for every stream, and a test of seconds."""
LOWEST = {PackageManager.RPM: "0-0", PackageManager.PACMAN: "0-0"}


def a_host(target: Target, version: str, manager: PackageManager) -> tuple[HostFacts, str]:
    """Return a host of the target's stream with one package of the target, and that package's version."""
    base, _, extension = target.stream.partition("+")
    distribution = OS_RELEASES.get(base, base)
    package = replace(
        installed(target.name, version, manager=manager),
        architecture=next((a for a in target.architectures if a != "src"), "x86_64"),
        module="" if target.module in ("", NOT_MODULAR) else f"{target.module}:1:2",
    )
    if base == "amzn:2" and extension:
        package = replace(package, repository=f"amzn2extra-{extension}")
    facts = host([package], distribution=distribution)
    name, _, version_id = distribution.partition(":")
    system = OperatingSystem(id=name, version_id=version_id, extensions=(extension,) if extension else ())
    return replace(facts, records={**facts.records, OperatingSystem: (system,)}), package.version


def before(fix: Fix, manager: PackageManager) -> str:
    """Return an affected version of the fix's kind of build."""
    version = fix.introduced or LOWEST.get(manager, "0")
    module = ".module" if manager is PackageManager.RPM and fix.target.module not in ("", NOT_MODULAR) else ""
    return version + module + {"fips": "+fips", "ksplice": ".ksplice1"}.get(fix.target.flavour, "")


def fixes(advisories: list[Advisory]) -> Iterator[tuple[Advisory, Fix]]:
    for advisory in advisories:
        for fix in advisory.fixes:
            if fix.target.architectures != ("src",):
                yield advisory, fix


def affected_by(facts: HostFacts, advisory: Advisory) -> set[str]:
    matches = AdvisoryIndex((advisory,), schemes=SCHEMES, fingerprints={}).matches(facts)
    return {identity for match in matches for identity in match.identities}


def reached(shared: Path, feed: str, archive: str, pattern: str) -> tuple[int, Counter[Place], Counter[Place]]:
    """Return how many fixes were tried, and which missed their host or matched the fixed build."""
    documents = members(shared / "data" / "feeds" / f"{archive}.tar.xz", pattern)
    advisories = [one for one in FEEDS[feed].parse(documents) if isinstance(one, Advisory)]
    manager = MANAGERS.get(FEEDS[feed].version_scheme, PackageManager.RPM)
    missed: Counter[Place] = Counter()
    alarms: Counter[Place] = Counter()
    tried = 0
    for advisory, fix in islice(fixes(advisories), MOST):
        tried += 1
        alone = replace(advisory, fixes=(fix,), statuses=())
        facts, _ = a_host(fix.target, before(fix, manager), manager)
        if affected_by(facts, alone) != set(advisory.identities):
            missed[fix.target.stream, fix.target.name] += 1
        facts, _ = a_host(fix.target, fix.version, manager)
        if affected_by(facts, alone):
            alarms[fix.target.stream, fix.target.name] += 1
    return tried, missed, alarms


@pytest.mark.shared
@pytest.mark.parametrize(("feed", "archive", "pattern"), SOURCES)
def test_every_fix_matches_the_build_before_it_and_not_its_own(
    shared: Path, feed: str, archive: str, pattern: str
) -> None:
    tried, missed, alarms = reached(shared, feed, archive, pattern)
    assert tried
    assert not missed
    assert not alarms
