from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.fedora import FEED
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "fedora"


class TestFedoraFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_bug_fix_with_a_cve_is_included() -> None:
    found = Golden(FEED, DATA)
    (advisory,) = found.advisories
    assert advisory.vulnerabilities == ("CVE-2026-0001",)
    assert [(fix.target.stream, fix.target.name) for fix in advisory.fixes] == [("fedora:43", "widget")]


def test_a_modular_update_lists_nothing_and_that_is_counted() -> None:
    assert [one.entry for one in Golden(FEED, DATA).unparsed] == ["FEDORA-MODULAR-2026-bbbbbbbbbb"]
