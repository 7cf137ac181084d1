"""The reader of a SQLite file returns what the store returns, and leaves the file alone."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from openinspector.model.advisory import Score, Vulnerability
from openinspector.model.errors import StoreError
from openinspector.service.ports.advisory_store import Changes, StoredDocument
from openinspector.service.stores.advisory_file import AdvisoryFile
from openinspector.service.stores.advisory_sql import SqlAdvisoryStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.migrations import migrate
from openinspector.testing.conformance.advisory_store import advisory, fix, snapshot

SCORE = Score(version="3.1", base=9.8, vector="", origin="nvd")


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[tuple[SqlAdvisoryStore, AdvisoryFile]]:
    path = tmp_path / "it's 100 % here.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    yield SqlAdvisoryStore(engine), AdvisoryFile(path)
    engine.dispose()


def test_agrees_with_the_store(stored: tuple[SqlAdvisoryStore, AdvisoryFile]) -> None:
    store, file = stored
    store.replace(snapshot(), [advisory(number, fix()) for number in range(3)], ())
    rated = Vulnerability(id="CVE-2026-0001", scores=(SCORE,))
    document = StoredDocument(name="all", vulnerabilities=(rated,))
    store.change(snapshot("nvd"), Changes(documents=(document,), whole=True))
    streams = store.streams()
    assert streams
    assert file.streams() == streams
    assert file.fingerprints() == store.fingerprints() == {one.feed: one.fingerprint for one in store.snapshots()}
    assert file.days() == store.days() == {one.feed: one.fetched_at.date().isoformat() for one in store.snapshots()}
    assert file.advisories(streams) == store.advisories(streams)
    assert len(file.advisories(streams)) == 3
    assert file.advisories([]) == []
    assert file.vulnerabilities(["CVE-2026-0001", "CVE-1999-0001"]) == {"CVE-2026-0001": rated}


def test_reads_during_a_sync(stored: tuple[SqlAdvisoryStore, AdvisoryFile]) -> None:
    store, file = stored
    store.replace(snapshot(), [advisory(1, fix())], ())
    assert len(file.advisories(store.streams())) == 1
    store.replace(snapshot(), [advisory(1, fix()), advisory(2, fix())], ())
    assert len(file.advisories(store.streams())) == 2


def test_a_file_of_another_version_is_an_error_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    sqlite3.connect(path).close()
    with pytest.raises(StoreError, match="cannot be read") as refusal:
        AdvisoryFile(path).streams()
    assert "feeds status" in refusal.value.advice


def test_no_file_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        AdvisoryFile(tmp_path / "absent.db").streams()
    assert list(tmp_path.iterdir()) == []
