from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.epel import FEED
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "epel"


class TestEpelFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_the_release_is_the_stream() -> None:
    (advisory,) = Golden(FEED, DATA).advisories
    assert [(fix.target.stream, fix.target.architectures) for fix in advisory.fixes] == [("epel:9", ())]
