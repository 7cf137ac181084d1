"""Real hosts against real documents: the index agrees with the slow evaluator that asks every statement.

The feeds are those of each host's distribution, and of the one that it rebuilds. Their samples are from other days than
the inventories, so the verdicts are not labels. The test is that no short cut of the index changes one.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from tests.quality.native_documents import FEEDS, VULS, members
from tests.quality.real_hosts import real_host

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.reference import PlainMatch, plain_matches
from openinspector.model.advisory import Advisory
from openinspector.testing.match_builders import version_schemes

REDHAT = (
    ("redhat", VULS, r"redhat/vex/v2/testdata/fixtures/vex-archive\.tar\.zst$"),
    ("redhat", "claircore", r"rhel/vex/testdata/cve-.*\.json$"),
)
SOURCES = {
    "alma_9": (("almalinux", "almalinux-osv", r"advisories/almalinux9/ALSA-2022:.*\.json$"), *REDHAT),
    "alpine_319": (("alpine", VULS, r"alpine/secdb/testdata/fixtures/.*\.json$"),),
    "amazon_2023": (("amazon", VULS, r"/amazon/testdata/fixtures/updateinfo_(2023|2023_.*)\.xml\.gz$"),),
    "debian_12": (("debian_dsa", "debian-dsa-dla", r"D[SL]A/list$"),),
    "rhel_90": REDHAT,
    "rocky_9": (
        ("rocky", VULS, r"rocky/updateinfo/testdata/fixtures/happy/.*repodata/.*(updateinfo|modules)"),
        *REDHAT,
    ),
    "sles15": (("suse", VULS, r"suse/csaf_vex/testdata/fixtures/csaf-vex\.tar\.bz2$"),),
    "ubuntu_2204": (("ubuntu", "vunnel", r"ubuntu/test-fixtures/(osv|vex|osv-esm-cases)/.*\.json$"),),
    "ubuntu_2404": (("ubuntu", "vunnel", r"ubuntu/test-fixtures/(osv|vex|osv-esm-cases)/.*\.json$"),),
}
MOST = 50
"""Advisories of one collection: the twin asks each of every package."""
SCHEMES = version_schemes()


def advisories(shared: Path, name: str) -> Iterator[Advisory]:
    for feed, archive, pattern in SOURCES[name]:
        documents = members(shared / "data" / "feeds" / f"{archive}.tar.xz", pattern)
        yield from islice((one for one in FEEDS[feed].parse(documents) if isinstance(one, Advisory)), MOST)


@pytest.mark.shared
@pytest.mark.parametrize("name", SOURCES)
def test_the_index_and_its_twin_agree_on_a_real_host(shared: Path, name: str) -> None:
    facts, known = real_host(shared, name), list(advisories(shared, name))
    assert known
    found = {
        PlainMatch(
            package=match.package,
            feed=match.advisory.feed,
            advisory_id=match.advisory.id,
            stream=match.target.stream,
            vulnerabilities=frozenset(match.vulnerabilities),
        )
        for match in AdvisoryIndex(known, schemes=SCHEMES, fingerprints={}).matches(facts)
    }
    assert found == plain_matches(facts, known, SCHEMES)
