from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.epss import FEED
from openinspector.model.advisory import Exploitability
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "epss"


class TestEpssFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_probabilities_with_their_date() -> None:
    found = Golden(FEED, DATA)
    first, second = found.vulnerabilities
    assert first.epss == Exploitability(probability=0.97567, percentile=0.99995, date="2026-01-02")
    assert second.epss is not None
    assert second.epss.probability == 0.00001
    assert [one.entry for one in found.unparsed] == ["line 5"]
