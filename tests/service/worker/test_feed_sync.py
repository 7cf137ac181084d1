import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openinspector.feeds.debian_archive import MIRROR, SUPPORTED
from openinspector.model.errors import FeedError
from openinspector.model.inventory import Package, PackageManager
from openinspector.service.worker.apt_sources import AptSource
from openinspector.service.worker.feed_sync import FeedSync, SyncRequest, archive_sources, known_feeds
from openinspector.testing.document_server import DocumentServer
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore
from openinspector.testing.package_archive import BuiltPackage, PackageArchive

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TRACKER = {"widget": {"CVE-2026-0001": {"releases": {"bookworm": {"status": "open"}}}}}
TEXT = "widget (1.0-1+deb12u1) bookworm-security; urgency=high\n\n  * CVE-2026-0001\n\n -- A <a@b>  x\n"
OLD = Package(
    manager=PackageManager.DPKG,
    name="widget",
    version="1.0-1",
    architecture="amd64",
    source_name="widget",
    source_version="1.0-1",
)


class Site:
    """A store, a sync into it, and apt sources that name a mirror."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = MemoryAdvisoryStore()
        self.clock = FakeClock(NOW)
        self.sync = FeedSync(
            store=self.store,
            clock=self.clock,
            workspace=folder / "feeds",
            feeds=known_feeds(),
            apt_folder=folder / "apt",
        )

    def tracker(self, content: object = TRACKER) -> str:
        path = self.folder / "debian.json"
        path.write_text(json.dumps(content))
        return str(path)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[DocumentServer]:
    folder = tmp_path / "mirror"
    archive = PackageArchive(folder)
    archive.add(BuiltPackage(name="widget", version="1.0-1+deb12u1", changelog=TEXT))
    archive.publish()
    keyring = archive.keyring(tmp_path / "keyring.gpg")
    (tmp_path / "apt").mkdir()
    with DocumentServer(folder) as server:
        line = f"deb [signed-by={keyring}] {server.url} bookworm-security main\n"
        (tmp_path / "apt/sources.list").write_text(line)
        yield server


def test_syncs_from_a_file_and_then_finds_it_unchanged(site: Site) -> None:
    origin = site.tracker()
    first = site.sync.sync("debian", SyncRequest(origin=origin))
    assert (first.changed, first.snapshot.advisories, first.snapshot.origin) == (True, 1, origin)
    site.clock.advance(3600)
    second = site.sync.sync("debian", SyncRequest(origin=f"file://{origin}"))
    assert second.snapshot.fingerprint == first.snapshot.fingerprint
    third = site.sync.sync("debian", SyncRequest(origin=origin))
    assert third.changed is False
    assert site.store.snapshots()[0].fetched_at == NOW + timedelta(hours=1)


def test_a_source_without_advisories_changes_nothing(site: Site) -> None:
    site.sync.sync("debian", SyncRequest(origin=site.tracker()))
    with pytest.raises(FeedError, match="not one advisory"):
        site.sync.sync("debian", SyncRequest(origin=site.tracker({})))
    assert site.store.snapshots()[0].advisories == 1


def test_an_unknown_feed(site: Site) -> None:
    with pytest.raises(FeedError, match="'nosuch'") as raised:
        site.sync.sync("nosuch")
    assert "debian_archive" in raised.value.advice


@pytest.mark.usefixtures("mirror")
def test_archive_location_comes_from_apt_sources(site: Site) -> None:
    outcome = site.sync.sync("debian_archive", SyncRequest(installed=(OLD,)))
    assert outcome.snapshot.origin.startswith("http://127.0.0.1")
    (advisory,) = site.store.advisories(["debian:12"])
    assert advisory.vulnerabilities == ("CVE-2026-0001",)


def test_first_reachable_feed_is_synced(site: Site, mirror: DocumentServer) -> None:
    vendor = ("debian", SyncRequest(origin=str(site.folder / "absent")))
    archive = ("debian_archive", SyncRequest(origin=mirror.url, installed=()))
    outcome, failures = site.sync.sync_first([vendor, archive])
    assert outcome.snapshot.feed == "debian_archive"
    assert [name for name, _ in failures] == ["debian"]
    with pytest.raises(FeedError, match="absent"):
        site.sync.sync_first([vendor])
    with pytest.raises(FeedError, match="no feed"):
        site.sync.sync_first([])


def test_every_feed_is_known_by_its_name() -> None:
    assert {"almalinux", "debian", "debian_archive", "debian_dsa"} <= set(known_feeds())


BOOKWORM = AptSource(uri="http://m.example/s", suite="bookworm-security", components=("main", "contrib"))


def test_archive_sources_are_apts_by_default() -> None:
    assert archive_sources("", (), (BOOKWORM,)) == (BOOKWORM,)
    assert archive_sources("", ("bookworm-security",), (BOOKWORM,)) == (BOOKWORM,)


def test_archive_sources_of_a_suite_apt_does_not_know_are_on_the_same_mirror() -> None:
    (source,) = archive_sources("", ("trixie-security",), (BOOKWORM,))
    assert (source.uri, source.suite, source.components) == ("http://m.example/s", "trixie-security", ("main",))


def test_archive_sources_of_a_mirror() -> None:
    (source,) = archive_sources("https://other.example/s", (), (BOOKWORM,))
    assert (source.uri, source.suite) == ("https://other.example/s", "bookworm-security")
    assert [s.suite for s in archive_sources("https://other.example/s", (), ())] == [f"{c}-security" for c in SUPPORTED]


def test_archive_sources_default_to_debian() -> None:
    assert {source.uri for source in archive_sources("", (), ())} == {MIRROR}


def test_archive_sources_of_a_folder(tmp_path: Path) -> None:
    (source,) = archive_sources(str(tmp_path), ("bookworm-security",), ())
    assert source.uri == tmp_path.as_uri()
