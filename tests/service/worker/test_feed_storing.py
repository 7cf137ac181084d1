from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from openinspector.feed import Document, Feed, Parsed, Source, Unparsed
from openinspector.model.advisory import Advisory, Fix, PackageKind, Target
from openinspector.model.errors import FeedError
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


def test_stores_a_complete_snapshot() -> None:
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


def test_same_documents_from_another_origin_update_the_origin() -> None:
    store = MemoryAdvisoryStore()
    store_gathered(FEED, gathered("CVE-1"), store, NOW)
    outcome = store_gathered(FEED, replace(gathered("CVE-1"), origin="/folder"), store, NOW)
    assert outcome.changed
    assert store.snapshots()[0].origin == "/folder"


@pytest.mark.parametrize(("text", "reason"), [("", "not one advisory"), ("x", "list: no id")])
def test_unparseable_feed_keeps_stored_advisories(text: str, reason: str) -> None:
    store = MemoryAdvisoryStore()
    store_gathered(FEED, gathered("CVE-1"), store, NOW)
    with pytest.raises(FeedError, match=reason):
        store_gathered(FEED, gathered(text, "other"), store, NOW)
    assert store.snapshots()[0].advisories == 1


def by_document(*documents: tuple[str, str], lost: str = "") -> Gathered:
    """Return what was gathered: names and contents; ``lost`` could not be fetched."""
    found = [Document(source=Source(name=name, url=""), content=text.encode()) for name, text in documents]
    unparsed = (Unparsed(document=lost, entry="", reason="timeout"),) if lost else ()
    mark = repr((documents, lost))
    return Gathered(documents=lambda: found, fingerprint=mark, origin="https://feed.example/", unparsed=unparsed)


class Parser:
    """A feed that remembers which documents it parsed; one that says ``bad`` is refused."""

    def __init__(self) -> None:
        self.parsed: list[str] = []
        self.feed = replace(FEED, parse=self.parse, by_document=True)

    def parse(self, documents: Iterable[Document]) -> Iterator[Parsed]:
        for document in documents:
            self.parsed.append(document.source.name)
            if document.content == b"bad":
                yield Unparsed(document=document.source.name, entry="", reason="refused")
                continue
            for line in document.content.decode().split():
                target = Target(stream="debian:12", kind=PackageKind.SOURCE, name="widget")
                yield Advisory(
                    id=line, feed="widgets", vulnerabilities=(line,), fixes=(Fix(target=target, version="1"),)
                )


def ids(store: MemoryAdvisoryStore) -> list[str]:
    return [advisory.id for advisory in store.advisories(["debian:12"])]


def test_only_changed_documents_are_parsed_again() -> None:
    store, parser = MemoryAdvisoryStore(), Parser()
    store_gathered(parser.feed, by_document(("a", "CVE-1"), ("b", "CVE-2"), ("c", "CVE-3")), store, NOW)
    parser.parsed.clear()
    outcome = store_gathered(parser.feed, by_document(("a", "CVE-1"), ("b", "CVE-4")), store, NOW)
    assert parser.parsed == ["b"]
    assert ids(store) == ["CVE-1", "CVE-4"]
    assert outcome.snapshot.advisories == 2


def test_failed_documents_keep_stored_advisories() -> None:
    store, parser = MemoryAdvisoryStore(), Parser()
    store_gathered(parser.feed, by_document(("a", "CVE-1"), ("b", "CVE-2")), store, NOW)
    outcome = store_gathered(parser.feed, by_document(("a", "bad"), lost="b"), store, NOW)
    assert ids(store) == ["CVE-1", "CVE-2"]
    assert outcome.snapshot.unparsed == 2
    assert [entry.reason for entry in store.unparsed("widgets")] == ["timeout", "refused"]
    outcome = store_gathered(parser.feed, by_document(("a", "CVE-5"), ("b", "CVE-2")), store, NOW)
    assert ids(store) == ["CVE-2", "CVE-5"]
    assert outcome.snapshot.unparsed == 0


def test_whole_feed_keeps_streams_of_failed_documents() -> None:
    store, parser = MemoryAdvisoryStore(), Parser()
    whole = replace(parser.feed, by_document=False)
    store_gathered(whole, by_document(("a", "CVE-1")), store, NOW)
    outcome = store_gathered(whole, by_document(("a", "CVE-2"), lost="b"), store, NOW)
    assert ids(store) == ["CVE-2"]
    assert outcome.snapshot.unparsed == 1


LATER = NOW + timedelta(days=9)


def test_a_feed_is_as_old_as_what_stays_of_a_document_that_failed_or_was_refused() -> None:
    store, parser = MemoryAdvisoryStore(), Parser()
    store_gathered(parser.feed, by_document(("a", "CVE-1"), ("b", "CVE-2")), store, NOW)
    for failing in (by_document(("a", "CVE-3"), lost="b"), by_document(("a", "CVE-3"), ("b", "bad"))):
        store_gathered(parser.feed, failing, store, LATER)
        store_gathered(parser.feed, failing, store, LATER)  # nothing new, and still not whole
        assert store.days() == {"widgets": "2026-11-23"}
    store_gathered(parser.feed, by_document(("a", "CVE-3"), ("b", "CVE-4")), store, LATER)
    assert store.days() == {"widgets": "2026-12-02"}


def test_a_document_that_was_never_had_does_not_age_the_feed() -> None:
    store, parser = MemoryAdvisoryStore(), Parser()
    store_gathered(parser.feed, by_document(("a", "CVE-1"), lost="optional"), store, NOW)
    store_gathered(parser.feed, by_document(("a", "CVE-2"), lost="optional"), store, LATER)
    assert store.days() == {"widgets": "2026-12-02"}


def test_documents_that_say_nothing_any_more_do_not_empty_a_feed() -> None:
    """A list of nothing is a fault of the publisher or of the way, not the end of all vulnerabilities."""
    store, parser = MemoryAdvisoryStore(), Parser()
    store_gathered(parser.feed, by_document(("a", "CVE-1")), store, NOW)
    with pytest.raises(FeedError, match="not one advisory"):
        store_gathered(parser.feed, by_document(("a", "")), store, LATER)
    assert ids(store) == ["CVE-1"]
    assert store.days() == {"widgets": "2026-11-23"}
