from dataclasses import replace
from pathlib import Path

import pytest

from openinspector.feed import Document, Source, Unparsed
from openinspector.feeds.microsoft import FEED
from openinspector.model.advisory import FixState, Restart, Status
from openinspector.model.windows_release import SERVER_CORE
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "microsoft"
CVE = "CVE-2026-0001"


class TestMicrosoftFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


@pytest.fixture(scope="module")
def found() -> Golden:
    return Golden(FEED, DATA)


def test_golden(found: Golden) -> None:
    found.check()


def builds(found: Golden, identity: str) -> dict[tuple[str, str], tuple[str, str]]:
    fixes = found.advisory(identity).fixes
    return {(fix.target.name, fix.target.flavour): (fix.target.stream, fix.version) for fix in fixes}


def test_products_have_the_branch_and_the_smallest_build_of_their_ranges(found: Golden) -> None:
    assert builds(found, CVE) == {
        ("Windows Server 2022", ""): ("windows:10.0.20348", "10.0.20348.2458"),
        ("Windows Server 2019", ""): ("windows:10.0.17763", "10.0.17763.5936"),
        ("Windows Server 2019", SERVER_CORE): ("windows:10.0.17763", "10.0.17763.5936"),
        ("Windows 10 Version 1809", ""): ("windows:10.0.17763", "10.0.17763.5936"),
        ("Windows Server 2008 Service Pack 2", ""): ("windows:6.0.6003", "6.0.6003.22769"),
        ("Windows Server 2012 R2", ""): ("windows:6.3.9600", "6.3.9600.22074"),
        ("Windows 10 Version 21H2", ""): ("windows:10.0.19041", "10.0.19041.3920"),
        ("Windows 11 Version 23H2", ""): ("windows:10.0.22621", "10.0.22631.3810"),
        ("Windows Server 2022, 23H2 Edition", SERVER_CORE): ("windows:10.0.25398", "10.0.25398.1009"),
        ("Windows 12 Version 31H1", ""): ("windows:10.0.30000", "10.0.30000.77"),
    }


def test_a_build_of_another_branch_says_nothing(found: Golden) -> None:
    (status,) = found.advisory(CVE).statuses
    assert (status.target.name, status.target.stream) == ("Windows 11 version 21H2", "windows:10.0.22000")
    assert (status.state, status.word) == (FixState.UNDER_INVESTIGATION, "no build: 10.0.22621.1574")


def test_ranges_without_a_build_are_unknown_and_a_double_point_is_repaired(found: Golden) -> None:
    words = {status.target.name: status.word for status in found.advisory("CVE-2026-0002").statuses}
    assert words == {
        "Windows Server 2019": "no build: publication",
        "Windows Server 2016": "no build: N/A",
        "Windows 10 Version 1903": "no build: publication",
    }
    assert builds(found, "CVE-2026-0002") == {("Windows Server 2022", ""): ("windows:10.0.20348", "10.0.20348.2762")}


def test_architectures_are_those_of_platforms_and_cpe_names(found: Golden) -> None:
    limits = {one.target.name: one.target.architectures for one in found.advisory(CVE).statements}
    assert limits["Windows 10 Version 21H2"] == ("i686", "x86_64")
    assert limits["Windows 11 Version 23H2"] == ("aarch64",)
    unknown: list[Status] = [*found.advisory("CVE-2026-0002").statuses]
    assert [one.target.architectures for one in unknown if one.target.name.endswith("1903")] == [("aarch64",)]


def test_a_range_that_begins_with_a_build_of_the_branch_has_a_beginning(found: Golden) -> None:
    (fix,) = found.advisory("CVE-2026-0004").fixes
    assert (fix.introduced, fix.version) == ("10.0.26100.1742", "10.0.26100.3000")


def test_rating_is_the_records(found: Golden) -> None:
    advisory = found.advisory(CVE)
    assert [(score.base, score.version, score.origin) for score in advisory.scores] == [(7.8, "3.1", "microsoft")]
    assert (advisory.severity, advisory.cwes, advisory.published) == ("HIGH", ("CWE-416",), "2026-01-13")


def test_unparsed_entries_are_counted(found: Golden) -> None:
    assert [(one.document, one.entry) for one in found.unparsed] == [
        ("cves/CVE-2026-0003.json", "CVE-2026-0003"),
        ("cves/CVE-2026-0003.json", "CVE-2026-0003"),
        ("cves/CVE-2026-0007.json", "CVE-x"),
    ]


def test_records_of_others_and_rejected_ones_state_nothing(found: Golden) -> None:
    assert not {"CVE-2026-0005", "CVE-2026-0006"} & {advisory.id for advisory in found.advisories}


def test_monthly_documents_state_remedies_alone(found: Golden) -> None:
    for month in ("2026-Jan", "2026-Feb"):
        assert not found.advisory(f"{month}/{CVE}").statements
    rollup, hotpatch = found.advisory(f"2026-Jan/{CVE}").remedies
    assert (rollup.update, rollup.supersedes, rollup.restart) == ("KB5039227", ("KB5037782",), Restart.REBOOT)
    assert (hotpatch.update, hotpatch.version, hotpatch.restart) == ("KB5039330", "10.0.20348.2458", Restart.NONE)
    server, core = found.advisory(f"2026-Feb/{CVE}").remedies
    assert (server.supersedes, server.kind) == (("KB5037823", "KB5034819"), "Monthly Rollup")
    assert (server.target.flavour, core.target.flavour) == ("", SERVER_CORE)


def test_the_index_leads_to_each_month_once() -> None:
    index = next(one for one in documents_in(DATA) if one.source.name == "updates.json")
    assert list(FEED.follow(index)) == [
        Source(name="cvrf/2026-Jan", url="https://api.msrc.microsoft.com/cvrf/v3.0/cvrf/2026-Jan", optional=True)
    ]
    assert not list(FEED.follow(replace(index, source=Source(name="other.json", url="https://x.example"))))


def test_a_page_of_an_error_instead_of_a_month_is_counted() -> None:
    page = Document(source=Source(name="cvrf/2026-Jan", url="https://x.example"), content=b"<html><body/></html>")
    (one,) = FEED.parse([page])
    assert isinstance(one, Unparsed)
