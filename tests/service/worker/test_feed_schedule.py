import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openinspector.service.worker.feed_schedule import FeedSchedule
from openinspector.service.worker.feed_sync import FeedSync, SyncRequest, known_feeds
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(hours=24)


class Site:
    """A store with Debian's tracker from a file, one day old."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "debian.json"
        self.store, self.clock = MemoryAdvisoryStore(), FakeClock(NOW)
        self.sync = FeedSync(store=self.store, clock=self.clock, workspace=folder / "feeds", feeds=known_feeds())
        self.publish("CVE-2026-0001")
        self.sync.sync("debian", SyncRequest(origin=str(self.path)))
        self.schedule = FeedSchedule(self.sync, DAY)

    def publish(self, cve: str) -> None:
        self.path.write_text(json.dumps({"widget": {cve: {"releases": {"bookworm": {"status": "open"}}}}}))

    @property
    def known(self) -> set[str]:
        return {advisory.id for advisory in self.store.advisories(["debian:12"])}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_due_feed_is_synced_from_its_origin(site: Site) -> None:
    site.publish("CVE-2026-0002")
    site.clock.advance(DAY.total_seconds() - 1)
    site.schedule.sync_due()
    assert site.known == {"CVE-2026-0001"}
    site.clock.advance(1)
    site.schedule.sync_due()
    assert site.known == {"CVE-2026-0002"}


def test_a_feed_that_fails_keeps_its_data_and_its_age(site: Site) -> None:
    site.path.unlink()
    site.clock.advance(DAY.total_seconds())
    site.schedule.sync_due()
    assert site.known == {"CVE-2026-0001"}
    assert [snapshot.fetched_at for snapshot in site.store.snapshots()] == [NOW]


def test_nothing_is_synced_after_the_stop(site: Site) -> None:
    site.publish("CVE-2026-0002")
    site.clock.advance(DAY.total_seconds())
    site.schedule.stop()
    site.schedule.sync_due()
    assert site.known == {"CVE-2026-0001"}
