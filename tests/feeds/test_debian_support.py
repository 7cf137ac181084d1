from pathlib import Path

from openinspector.feed import Document, Unparsed
from openinspector.feeds.debian_support import FEED
from openinspector.model.advisory import FixState
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

DATA = Path(__file__).parent / "data" / "debian_support"


class TestDebianSupportFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_an_ended_source_is_a_status_of_the_release() -> None:
    found = Golden(FEED, DATA)
    (status,) = found.advisory("unsupported widget in debian:12").statuses
    assert (status.target.name, status.state) == ("widget", FixState.END_OF_LIFE)
    assert status.word == "security support ended on 2024-04-16 (https://lists.example/msg1 (CVE-2024-0001))"
    assert [one.entry for one in found.unparsed] == ["line 5"]


def test_no_line_of_garbage_is_a_statement() -> None:
    garbage = Document(source=documents_in(DATA)[0].source, content=b"x" * 100_000 + b"\n\xff\xfe\n{}")
    assert all(isinstance(one, Unparsed) for one in FEED.parse([garbage]))
