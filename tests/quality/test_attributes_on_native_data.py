"""Every attribute that a rule declares is emitted on native data: no declared key is a promise that no input keeps."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

import pytest
from tests.quality.native_documents import FEEDS, VULS, members
from tests.quality.test_statements_reach_hosts import a_host

from openinspector.engine.finding_text import body_attributes
from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.rule import Detected, RuleContext
from openinspector.model.advisory import Advisory, Vulnerability
from openinspector.model.inventory import PackageManager
from openinspector.rules.common_vulnerabilities.known_vulnerabilities import RULE
from openinspector.testing.match_builders import host, installed, version_schemes

ADVISORIES = (
    ("redhat", VULS, r"redhat/vex/v2/testdata/fixtures/vex-archive\.tar\.zst$"),
    ("redhat", "claircore", r"rhel/vex/testdata/cve-.*\.json$"),
    ("almalinux", "almalinux-osv", r"advisories/almalinux9/.*\.json$"),
)
RECORDS = (
    ("kev", "cisa-kev", r"known_exploited_vulnerabilities\.json$"),
    ("nvd", VULS, r"nvd/feed/cve/v2/testdata/fixtures/.*\.json\.gz$"),
    ("cve", VULS, r"mitre/cve/v5/testdata/fixtures/cvelistV5-main\.tar\.gz$"),
    ("cve", "cve5-vulnrichment-2024", r"CVE-2024-[1-4]\d\d\d\.json$"),
    ("epss", VULS, r"/epss/testdata/fixtures/epss_scores-2023.*\.csv\.gz$"),
)


def parsed(shared: Path, sources: tuple[tuple[str, str, str], ...]) -> Iterator[object]:
    for feed, archive, pattern in sources:
        yield from FEEDS[feed].parse(members(shared / "data" / "feeds" / f"{archive}.tar.xz", pattern))


def emitted(advisory: Advisory, records: dict[str, Vulnerability]) -> set[str]:
    """Return the keys that a host with an old build of the advisory's first package shows."""
    fix = advisory.fixes[0]
    days = {advisory.feed: "2026-11-23"}
    index = AdvisoryIndex([advisory], schemes=version_schemes(), fingerprints={}, days=days, vulnerabilities=records)
    facts, _ = a_host(fix.target, "0-0", PackageManager.RPM)
    outcome = RULE.evaluate(facts, RuleContext(advisories=index))
    detections = outcome.detections if isinstance(outcome, Detected) else ()
    return {attribute.key for detection in detections for attribute in body_attributes(detection.body)}


@pytest.mark.shared
def test_every_declared_attribute_is_emitted(shared: Path) -> None:
    records: dict[str, Vulnerability] = {}
    for one in parsed(shared, RECORDS):
        if isinstance(one, Vulnerability):
            records[one.id] = records[one.id].merge(one) if one.id in records else one
    advisories = [one for one in parsed(shared, ADVISORIES) if isinstance(one, Advisory) and one.fixes]
    known = [one for one in advisories if not records.keys().isdisjoint(one.vulnerabilities)]
    keys: set[str] = set()
    for advisory in islice((*known, *advisories), 400):
        keys |= emitted(advisory, records)
        keys |= records_of_their_own(advisory, records) if advisory.vulnerabilities else set()
    keys |= by_products(advisories, records)
    # The counters of values beyond the fifth are tested with the rule: these hosts have one package each.
    native = {pattern for pattern in RULE.attributes if not pattern.endswith("_OMITTED")}
    missing = {pattern for pattern in native if not any(fnmatchcase(key, pattern) for key in keys)}
    assert missing == set()


def records_of_their_own(advisory: Advisory, records: dict[str, Vulnerability]) -> set[str]:
    """Return the keys of an advisory whose CVE is described by each kind of native record in turn."""
    name = advisory.vulnerabilities[0]
    samples = {
        "state": next((r for r in records.values() if r.state != "PUBLISHED"), None),
        "epss": next((r for r in records.values() if r.epss is not None), None),
        **{g: next((r for r in records.values() if any(s.version[:1] == g for s in r.scores)), None) for g in "234"},
    }
    found: set[str] = set()
    for sample in filter(None, samples.values()):
        found |= emitted(advisory, {name: sample})
    return found


def by_products(advisories: list[Advisory], records: dict[str, Vulnerability]) -> set[str]:
    """Return the keys of a host with kernel headers that a native erratum updates, and one that leaves a CVE open."""
    kernels = [one for one in advisories if any(fix.target.name == "kernel-headers" for fix in one.fixes)]
    index = AdvisoryIndex(kernels[:5], schemes=version_schemes(), fingerprints={}, vulnerabilities=records)
    facts = host([installed("kernel-headers", "0-0", manager=PackageManager.RPM)], distribution="almalinux:9.4")
    outcome = RULE.evaluate(facts, RuleContext(advisories=index))
    detections = outcome.detections if isinstance(outcome, Detected) else ()
    return {attribute.key for detection in detections for attribute in body_attributes(detection.body)}
