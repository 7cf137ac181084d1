"""Every feed reads its publisher's own bytes, as others collected them: nothing raises, and nothing much is lost.

The figures are those of the collections in shared data: a change of one is a change of what a parser understands.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.quality.native_documents import FEEDS, VULS, members

from openinspector.feed import Unparsed
from openinspector.model.advisory import NOT_MODULAR, Advisory


@pytest.mark.shared
@pytest.mark.parametrize(
    ("feed", "archive", "pattern", "advisories", "vulnerabilities", "refused"),
    [
        ("rocky", VULS, r"rocky/updateinfo/testdata/fixtures/happy/.*repodata/.*(updateinfo|modules)", 3, 0, 0),
        ("amazon", VULS, r"/amazon/testdata/fixtures/updateinfo_(1|2|2022|2023|2_k.*|2023_.*)\.xml\.gz$", 6, 0, 0),
        ("redhat", VULS, r"redhat/vex/v2/testdata/fixtures/vex-archive\.tar\.zst$", 34, 5, 0),
        ("redhat", "claircore", r"rhel/vex/testdata/cve-.*\.json$", 10, 7, 0),
        ("suse", VULS, r"suse/csaf_vex/testdata/fixtures/csaf-vex\.tar\.bz2$", 2, 1, 0),
        ("ubuntu", VULS, r"ubuntu/osv/testdata/fixtures/happy/osv-all\.tar\.xz$", 1, 0, 0),
        ("ubuntu", VULS, r"ubuntu/vex/testdata/fixtures/vex-all\.tar\.xz$", 1, 0, 0),
        ("ubuntu", "vunnel", r"ubuntu/test-fixtures/(osv|vex|osv-esm-cases)/.*\.json$", 7, 0, 0),
        ("alpine", VULS, r"alpine/secdb/testdata/fixtures/.*\.json$", 15, 0, 0),
        ("arch", "vunnel", r"arch-advisories/all\.json$", 5, 0, 0),
        ("photon", VULS, r"photon/cve/testdata/fixtures/happy/.*\.json$", 4, 4, 0),
        ("oracle", VULS, r"oracle/linux/testdata/fixtures/com\..*\.bz2$", 2, 4, 0),
        ("azurelinux", "azurelinux-oval-2025", r"oval\.xml$", 4339, 0, 0),
        ("kev", "cisa-kev", r"known_exploited_vulnerabilities\.json$", 0, None, 0),
        ("nvd", VULS, r"nvd/feed/cve/v2/testdata/fixtures/.*\.json\.gz$", 0, None, 0),
        ("epss", VULS, r"/epss/testdata/fixtures/epss_scores-2023.*\.csv\.gz$", 0, 2, 0),
        ("cve", VULS, r"mitre/cve/v5/testdata/fixtures/cvelistV5-main\.tar\.gz$", 0, None, 0),
    ],
)
def test_native_bytes(
    shared: Path,
    feed: str,
    archive: str,
    pattern: str,
    advisories: int,
    vulnerabilities: int | None,
    refused: int,
) -> None:
    documents = list(members(shared / "data" / "feeds" / f"{archive}.tar.xz", pattern))
    assert documents
    found = list(FEEDS[feed].parse(documents))
    kinds = [type(one) for one in found]
    whole = [one for one in found if isinstance(one, Unparsed) and not one.entry]
    assert len(whole) == refused, whole[:5]
    assert kinds.count(Advisory) == advisories
    others = len(kinds) - kinds.count(Advisory) - kinds.count(Unparsed)
    assert others == vulnerabilities if vulnerabilities is not None else others > 0


@pytest.mark.shared
def test_updateinfo_agrees_with_its_osv_records(shared: Path) -> None:
    """Of packages of no module: the made documents name no modules."""
    folder = shared / "data" / "feeds"
    made = FEEDS["updateinfo"].parse(members(folder / "updateinfo-made.tar.xz", r"updateinfo\.xml"))
    records = FEEDS["almalinux"].parse(members(folder / "almalinux-osv.tar.xz", r"advisories/.*\.json$"))

    def plain_fixes(found: Iterator[object]) -> set[tuple[str, str, str, str]]:
        return {
            (one.id, fix.target.stream, fix.target.name, fix.version)
            for one in found
            if isinstance(one, Advisory)
            for fix in one.fixes
            if fix.target.module == NOT_MODULAR
        }

    ours, theirs = plain_fixes(made), plain_fixes(records)
    assert len(ours) > 10_000
    assert ours <= theirs
