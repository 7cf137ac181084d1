from pathlib import Path

from openinspector.feed import Document, Source
from openinspector.feeds.amazon import FEED
from openinspector.model.advisory import Priority
from openinspector.testing.conformance.feed import FeedConformance
from openinspector.testing.golden_feed import Golden, documents_in

CATALOG = b'{"topics": [{"n": "nginx1"}, {"n": "../up"}, {}]}'
DATA = Path(__file__).parent / "data" / "amazon"


class TestAmazonFeed(FeedConformance):
    feed = FEED

    def documents(self) -> tuple[Document, ...]:
        return documents_in(DATA)


def test_golden() -> None:
    Golden(FEED, DATA).check()


def test_topic_is_a_separate_stream() -> None:
    streams = {advisory.id: advisory.fixes[0].target.stream for advisory in Golden(FEED, DATA).advisories}
    assert streams == {
        "ALAS2KERNEL-5.15-2026-001": "amzn:2+kernel-5.15",
        "ALAS2-2026-0002": "amzn:2",
        "ALAS2023LIVEPATCH-2026-001": "amzn:2023+kernel-livepatch",
        "ALAS-2011-1": "amzn:1",
    }


def test_severity_words_vary_in_case() -> None:
    priorities = {advisory.id: advisory.priority for advisory in Golden(FEED, DATA).advisories}
    assert priorities["ALAS2KERNEL-5.15-2026-001"] is Priority.HIGH
    assert priorities["ALAS2-2026-0002"] is Priority.MEDIUM


def test_the_catalogue_leads_to_topics_and_they_to_repositories() -> None:
    catalog = Document(source=Source(name="2/extras-catalog.json", url="https://x.example/c"), content=CATALOG)
    lists = [source for source in FEED.follow(catalog) if "x86_64" in source.name]
    assert [source.url for source in lists] == ["https://cdn.amazonlinux.com/2/extras/nginx1/latest/x86_64/mirror.list"]
    (index,) = FEED.follow(Document(source=lists[0], content=b"https://cdn.example/2/nginx1/abc\n"))
    assert index.url == "https://cdn.example/2/nginx1/abc/repodata/repomd.xml"
