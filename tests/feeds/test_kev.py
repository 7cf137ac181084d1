from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.kev import FEED
from openinspector.model.advisory import KnownExploit
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "kev"


class TestKevFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_entries() -> None:
    found = Golden(FEED, DATA)
    (known,) = found.vulnerabilities
    assert known.kev == KnownExploit(added="2026-01-02", due="2026-01-23", ransomware=True, action="Apply mitigations.")
    assert [one.entry for one in found.unparsed] == ["CVE-2026-0002", "entry 3"]
