from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.arch import FEED
from openinspector.model.advisory import FixState
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "arch"


class TestArchFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_states() -> None:
    found = Golden(FEED, DATA)
    assert [fix.target.name for fix in found.advisory("AVG-1").fixes] == ["widget", "lib32-widget"]
    assert [found.advisory(f"AVG-{number}").statuses[0].state for number in (2, 3, 4)] == [
        FixState.OPEN,
        FixState.NOT_AFFECTED,
        FixState.UNDER_INVESTIGATION,
    ]
    assert [one.entry for one in found.unparsed] == ["AVG-5", "group 6"]
