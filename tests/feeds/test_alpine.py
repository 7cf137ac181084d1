from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.alpine import FEED
from openinspector.model.advisory import FixState
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "alpine"


class TestAlpineFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_the_newest_version_listed_for_a_cve_has_the_fix() -> None:
    assert [fix.version for fix in Golden(FEED, DATA).advisory("CVE-2026-0001").fixes] == ["2.1-r0"]


def test_version_zero_means_not_affected() -> None:
    assert [one.state for one in Golden(FEED, DATA).advisory("CVE-2026-0003").statuses] == [FixState.NOT_AFFECTED]


def test_non_cve_id_is_kept_without_a_vulnerability() -> None:
    found = Golden(FEED, DATA)
    assert found.advisory("ALPINE-13661").vulnerabilities == ()
    assert found.advisory("CVE-2026-0002").vulnerabilities == ("CVE-2026-0002",)
    assert [one.entry for one in found.unparsed] == ["gadget one"]
