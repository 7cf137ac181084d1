from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from openinspector.feed import Document, Feed, Source, Unparsed
from openinspector.model.advisory import Advisory
from openinspector.model.errors import FeedError
from openinspector.service.worker import feed_storing
from openinspector.service.worker.feed_storing import Gathered, store_gathered
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def parse_lines(documents: Iterable[Document]) -> Iterator[Advisory | Unparsed]:
    for document in documents:
        for line in document.content.decode().split():
            if line.startswith("CVE-"):
                yield Advisory(id=line, feed="widgets", vulnerabilities=(line,))
            else:
                yield Unparsed(document=document.source.name, entry=line, reason="no id")


FEED = Feed(
    name="widgets",
    title="Widgets",
    publisher_url="https://feed.example/",
    roots=(Source(name="list", url="https://feed.example/list"),),
    version_scheme="dpkg",
    distributions=("debian",),
    parse=parse_lines,
)


def gathered(text: str, fingerprint: str = "") -> Gathered:
    document = Document(source=FEED.roots[0], content=text.encode())
    return Gathered(documents=lambda: [document], fingerprint=fingerprint or text, origin="https://feed.example/list")


def test_stores_a_whole_snapshot() -> None:
    store = MemoryAdvisoryStore()
    lost = Unparsed(document="other", entry="", reason="could not be had")
    published = NOW - timedelta(days=1)
    offered = replace(gathered("CVE-1 CVE-2 x"), unparsed=(lost,), published_at=published, transferred_bytes=7)
    outcome = store_gathered(FEED, offered, store, NOW)
    (snapshot,) = store.snapshots()
    assert outcome.changed
    assert outcome.transferred_bytes == 7
    assert (snapshot.advisories, snapshot.unparsed, snapshot.fetched_at) == (2, 2, NOW)
    assert snapshot.published_at == published
    assert [entry.reason for entry in store.unparsed("widgets")] == ["could not be had", "no id"]


def test_the_same_fingerprint_is_not_parsed_again() -> None:
    store = MemoryAdvisoryStore()
    store_gathered(FEED, gathered("CVE-1", "same"), store, NOW)
    outcome = store_gathered(FEED, gathered("CVE-2", "same"), store, NOW + timedelta(hours=1))
    assert not outcome.changed
    assert store.snapshots()[0].fetched_at == NOW + timedelta(hours=1)


def test_the_same_documents_from_elsewhere_are_stored_as_from_there() -> None:
    store = MemoryAdvisoryStore()
    store_gathered(FEED, gathered("CVE-1"), store, NOW)
    outcome = store_gathered(FEED, replace(gathered("CVE-1"), origin="/folder"), store, NOW)
    assert outcome.changed
    assert store.snapshots()[0].origin == "/folder"


@pytest.mark.parametrize(("text", "reason"), [("", "not one advisory"), ("x", "list: no id")])
def test_nothing_understood_keeps_what_was_there(text: str, reason: str) -> None:
    store = MemoryAdvisoryStore()
    store_gathered(FEED, gathered("CVE-1"), store, NOW)
    with pytest.raises(FeedError, match=reason):
        store_gathered(FEED, gathered(text, "other"), store, NOW)
    assert store.snapshots()[0].advisories == 1


def test_unparsed_entries_are_counted_whole_and_kept_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_storing, "MAX_UNPARSED", 3)
    store = MemoryAdvisoryStore()
    store_gathered(FEED, gathered("CVE-1 " + "x " * 10), store, NOW)
    assert store.snapshots()[0].unparsed == 10
    assert len(store.unparsed("widgets")) == 3
