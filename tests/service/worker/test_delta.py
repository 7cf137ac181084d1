"""A publisher that lists its changes is asked for what changed, not for its archive."""

import io
import json
import ssl
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openinspector.feed import Delta, Document, Feed, Parsed, Source
from openinspector.model.advisory import Advisory, Fix, PackageKind, Target
from openinspector.service.worker.feed_sync import FeedSync, SyncRequest
from openinspector.testing.document_server import DocumentServer
from openinspector.testing.fake_clock import FakeClock
from openinspector.testing.memory_advisory_store import MemoryAdvisoryStore
from openinspector.testing.throwaway_authority import ThrowawayAuthority

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def parse(documents: Iterable[Document]) -> Iterator[Parsed]:
    for document in documents:
        if document.source.name.endswith(".json"):
            identity = json.loads(document.content)["cve"]
            target = Target(stream="debian:12", kind=PackageKind.SOURCE, name="widget")
            yield Advisory(id=identity, feed="widgets", vulnerabilities=(), fixes=(Fix(target=target, version="1"),))


@dataclass
class Publisher:
    folder: Path
    server: DocumentServer
    sync: FeedSync
    store: MemoryAdvisoryStore
    clock: FakeClock

    def publish(self, **documents: str) -> None:
        """Write the archive of these documents, by name the CVE id that each is about."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:xz") as tar:
            for name, identity in documents.items():
                content = json.dumps({"cve": identity}).encode()
                member = tarfile.TarInfo(f"{name}.json")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        (self.folder / "all.tar.xz").write_bytes(buffer.getvalue())

    def change(self, deleted: tuple[str, ...] = (), **documents: str) -> None:
        """Publish changed documents and the lists of what changed now."""
        time = self.clock.now().isoformat()
        for name, identity in documents.items():
            (self.folder / f"{name}.json").write_text(json.dumps({"cve": identity}))
        (self.folder / "changes.csv").write_text("".join(f'"{name}.json","{time}"\n' for name in documents))
        (self.folder / "deletions.csv").write_text("".join(f'"{name}.json","{time}"\n' for name in deleted))

    def ids(self) -> list[str]:
        return sorted(advisory.id for advisory in self.store.advisories(["debian:12"]))

    def synced(self) -> tuple[list[str], list[str]]:
        """Sync; return the paths that were asked for and what is stored then."""
        self.server.requests.clear()
        self.sync.sync("widgets")
        return [path for path, status in self.server.requests if status == 200], self.ids()


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    folder = tmp_path / "site"
    folder.mkdir()
    authority = ThrowawayAuthority(tmp_path)
    with DocumentServer(folder, authority.server_context()) as server:
        feed = Feed(
            name="widgets",
            title="Widgets",
            publisher_url=server.url,
            roots=(Source(name="all.tar.xz", url=f"{server.url}/all.tar.xz"),),
            version_scheme="dpkg",
            distributions=("debian",),
            parse=parse,
            by_document=True,
            delta=Delta(
                changes=Source(name="changes.csv", url=f"{server.url}/changes.csv"),
                deletions=Source(name="deletions.csv", url=f"{server.url}/deletions.csv"),
                folder="all",
            ),
        )
        store, clock = MemoryAdvisoryStore(), FakeClock(NOW)
        sync = FeedSync(
            store=store,
            clock=clock,
            workspace=tmp_path / "feeds",
            feeds={"widgets": feed},
            tls=ssl.create_default_context(cafile=str(authority.ca_file)),
        )
        made = Publisher(folder, server, sync, store, clock)
        made.publish(a="CVE-1", b="CVE-2", c="CVE-3")
        yield made


def test_only_what_changed_is_fetched_and_what_is_deleted_goes(publisher: Publisher) -> None:
    assert publisher.synced() == (["/all.tar.xz"], ["CVE-1", "CVE-2", "CVE-3"])
    publisher.clock.advance(86400)
    publisher.change(deleted=("c",), b="CVE-20", d="CVE-4")
    asked, found = publisher.synced()
    assert "/all.tar.xz" not in asked
    assert {"/b.json", "/d.json"} <= set(asked)
    assert found == ["CVE-1", "CVE-20", "CVE-4"]


def test_a_list_without_anything_new_changes_only_the_time(publisher: Publisher) -> None:
    publisher.synced()
    publisher.clock.advance(86400)
    publisher.change()
    outcome = publisher.sync.sync("widgets")
    assert outcome.changed is False
    assert publisher.store.days() == {"widgets": "2026-11-24"}


def test_a_changed_document_that_cannot_be_had_is_asked_for_again(publisher: Publisher) -> None:
    publisher.synced()
    publisher.clock.advance(86400)
    publisher.change(b="CVE-20")
    publisher.server.faults["/b.json"] = [(404, {}, b"")]
    assert publisher.synced()[1] == ["CVE-1", "CVE-2", "CVE-3"]
    assert publisher.store.days() == {"widgets": "2026-11-23"}
    assert publisher.synced()[1] == ["CVE-1", "CVE-20", "CVE-3"]
    assert publisher.store.days() == {"widgets": "2026-11-24"}


@pytest.mark.parametrize("reason", ["a week", "no lists", "another origin"])
def test_everything_is_fetched_where_changes_are_not_enough(publisher: Publisher, reason: str, tmp_path: Path) -> None:
    publisher.synced()
    publisher.clock.advance(86400)
    publisher.change(b="CVE-20")
    publisher.publish(a="CVE-1", b="CVE-20", e="CVE-5")
    match reason:
        case "a week":
            publisher.clock.advance(timedelta(days=7).total_seconds())
        case "no lists":
            (publisher.folder / "changes.csv").unlink()
        case _:
            (tmp_path / "copy").mkdir()
            (tmp_path / "copy" / "all.tar.xz").write_bytes((publisher.folder / "all.tar.xz").read_bytes())
            publisher.sync.sync("widgets", SyncRequest(origin=str(tmp_path / "copy")))
            assert publisher.ids() == ["CVE-1", "CVE-20", "CVE-5"]
            return
    asked, found = publisher.synced()
    assert "/all.tar.xz" in asked
    assert found == ["CVE-1", "CVE-20", "CVE-5"]
