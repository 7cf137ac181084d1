"""The age of advisories is the publisher's if it is known, else that of the fetch."""

from datetime import UTC, datetime, timedelta

from openinspector.feed import Feed, Source
from openinspector.service.app.feeds import feed_statuses
from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def feed(name: str) -> Feed:
    return Feed(
        name=name,
        title=name.title(),
        publisher_url="https://feed.example/",
        roots=(Source(name="list", url="https://feed.example/list"),),
        version_scheme="dpkg",
        distributions=("debian",),
        parse=lambda _documents: iter(()),
    )


def snapshot(published_at: datetime | None) -> FeedSnapshot:
    return FeedSnapshot(
        feed="widgets",
        fingerprint="f",
        origin="https://feed.example/list",
        fetched_at=NOW,
        published_at=published_at,
        advisories=0,
        unparsed=0,
        validators={},
    )


def test_age_is_the_publishers_or_that_of_the_fetch() -> None:
    store = MemoryAdvisoryStore()
    feeds = {"widgets": feed("widgets"), "another": feed("another")}
    store.replace(snapshot(None), (), ())
    unsynced, fetched = feed_statuses(feeds, store)
    assert unsynced.age(NOW) is None
    assert fetched.age(NOW + timedelta(hours=2)) == timedelta(hours=2)
    store.replace(snapshot(NOW - timedelta(days=3)), (), ())
    assert feed_statuses(feeds, store)[1].age(NOW) == timedelta(days=3)
