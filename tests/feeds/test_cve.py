from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.cve import FEED
from openinspector.model.advisory import RecordState
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "cve"


class TestCveFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_scores_of_the_authority_and_of_enrichment_keep_their_origin() -> None:
    disputed, rejected = Golden(FEED, DATA).vulnerabilities
    assert [(score.base, score.origin) for score in disputed.scores] == [(9.8, "cve"), (7.5, "adp")]
    assert (disputed.state, disputed.cwes) == (RecordState.DISPUTED, ("CWE-787",))
    assert (rejected.state, rejected.scores) == (RecordState.REJECTED, ())
