from pathlib import Path

import pytest

from openinspector.feed import Document
from openinspector.feeds.redhat import FEED, stream
from openinspector.model.advisory import NOT_MODULAR, FixState, Restart
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "redhat"


class TestRedHatFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def fixes() -> set[tuple[str, str, str, str, str]]:
    return {
        (advisory.id, fix.target.stream, fix.target.name, fix.target.module, fix.version)
        for advisory in Golden(FEED, DATA).advisories
        for fix in advisory.fixes
    }


def test_fixes_are_grouped_by_erratum_and_platforms_resolved_by_their_cpe() -> None:
    assert fixes() == {
        ("RHSA-2026:0001", "rhel:9", "widget", NOT_MODULAR, "2.0-9.el9_5"),
        ("RHSA-2026:0001", "rhel:9", "gadget", "gadget:3", "3.0-1.module+el9"),
        ("RHSA-2026:0002", "rhel:9.2+eus", "widget", NOT_MODULAR, "2.0-3.el9_2"),
        ("RHSA-2026:0003", "rhel:7", "widget", NOT_MODULAR, "1:1.0-8.el7_9"),
    }


def test_statuses_keep_the_vendors_wording() -> None:
    statuses = Golden(FEED, DATA).advisory("CVE-2026-0001").statuses
    assert [(one.target.stream, one.target.name, one.target.module, one.state, one.word) for one in statuses] == [
        ("rhel:6", "widget", NOT_MODULAR, FixState.END_OF_LIFE, "Out of support scope"),
        ("rhel:8", "widget", NOT_MODULAR, FixState.DEFERRED, "Fix deferred"),
        ("rhel:8", "gadget", "gadget:2", FixState.NOT_AFFECTED, "vulnerable code not present"),
    ]


def test_scores_that_differ_are_limited_to_stream_and_package() -> None:
    (vulnerability,) = Golden(FEED, DATA).vulnerabilities
    assert {(score.base, score.stream, score.package) for score in vulnerability.scores} == {
        (8.8, "rhel:9", "widget"),
        (5.5, "rhel:8", "widget"),
    }
    assert vulnerability.cwes == ("CWE-787",)


def test_the_hint_to_reboot_is_kept() -> None:
    assert Golden(FEED, DATA).advisory("RHSA-2026:0001").restart is Restart.REBOOT


@pytest.mark.parametrize(
    ("cpe", "expected"),
    [
        ("cpe:/o:redhat:enterprise_linux:9", "rhel:9"),
        ("cpe:/o:redhat:enterprise_linux:9::baseos", "rhel:9"),
        ("cpe:/o:redhat:enterprise_linux:10.0", "rhel:10"),
        ("cpe:/a:redhat:rhel_e4s:8.1::appstream", "rhel:8.1+e4s"),
        ("cpe:/o:redhat:rhel_els:7", "rhel:7"),
        ("cpe:/a:redhat:openshift:4.12::el9", ""),
        ("cpe:/a:redhat:rhel_unheard_of:9.2::appstream", ""),
        ("", ""),
    ],
)
def test_stream(cpe: str, expected: str) -> None:
    assert stream(cpe, "") == expected


def test_the_name_of_the_newest_archive_leads_to_it() -> None:
    pointer = Document(source=FEED.roots[0], content=b"csaf_vex_2026-01-01.tar.zst\n")
    assert [source.url.rpartition("/")[2] for source in FEED.follow(pointer)] == ["csaf_vex_2026-01-01.tar.zst"]
    assert not list(FEED.follow(Document(source=FEED.roots[0], content=b"../../x.tar.zst")))
