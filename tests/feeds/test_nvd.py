from pathlib import Path

from openinspector.feed import Document
from openinspector.feeds.nvd import FEED
from openinspector.model.advisory import RecordState
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "nvd"


class TestNvdFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_scores_that_nvd_passes_on_are_of_the_cve_record() -> None:
    found = Golden(FEED, DATA)
    scored, rejected, disputed = found.vulnerabilities
    assert [(score.base, score.version, score.origin) for score in scored.scores] == [
        (9.8, "3.1", "nvd"),
        (8.4, "3.1", "cve"),
        (7.5, "2.0", "nvd"),
    ]
    assert scored.cwes == ("CWE-787",)
    assert (rejected.state, disputed.state) == (RecordState.REJECTED, RecordState.DISPUTED)
    assert [one.entry for one in found.unparsed] == ["entry 4", "x"]
