"""Contract tests for every advisory store. Subclass, and provide an empty one as the fixture ``store``."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from openinspector.feed import Unparsed
from openinspector.model.advisory import (
    Advisory,
    Fix,
    FixState,
    PackageKind,
    Priority,
    RecordState,
    Restart,
    Score,
    Status,
    Target,
    VendorUpdate,
    Vulnerability,
)
from openinspector.model.errors import StoreError
from openinspector.service.ports.advisory_store import AdvisoryStore, Changes, FeedSnapshot, StoredDocument
from openinspector.testing.conformance.threads import at_once
from openinspector.testing.model_builders import moment

SCORE = Score(version="3.1", base=9.8, vector="CVSS:3.1/AV:N", origin="nvd")


def snapshot(feed: str = "debian", **fields: Any) -> FeedSnapshot:
    """Return the snapshot of a feed."""
    made = FeedSnapshot(
        feed=feed,
        fingerprint="f" * 64,
        origin="https://security.example/",
        fetched_at=moment(1),
        published_at=moment(0),
        advisories=2,
        unparsed=0,
        validators={"dsa.list": 'W/"etag"'},
    )
    return replace(made, **fields)


def fix(stream: str = "debian:12", name: str = "openssl") -> Fix:
    """Return a fix in 3.0.1-1."""
    return Fix(
        target=Target(stream=stream, kind=PackageKind.SOURCE, name=name, architectures=("amd64",)), version="3.0.1-1"
    )


def advisory(number: int, *fixes: Fix, feed: str = "debian", **fields: Any) -> Advisory:
    """Return an advisory with these fixes."""
    made = Advisory(
        id=f"DSA-{number}",
        feed=feed,
        vulnerabilities=(f"CVE-2026-{number:04d}",),
        fixes=fixes,
        summary="Zürich – a flaw \x00",
        severity="Important",
        priority=Priority.HIGH,
        scores=(SCORE,),
        references=("https://security.example/1",),
        published="2026-01-01",
        restart=Restart.SERVICE,
        cwes=("CWE-79",),
    )
    return replace(made, **fields)


def stored(
    name: str,
    digest: str,
    *advisories: Advisory,
    vulnerabilities: tuple[Vulnerability, ...] = (),
    unparsed: tuple[Unparsed, ...] = (),
) -> StoredDocument:
    """Return a parsed document."""
    return StoredDocument(
        name=name, digest=digest, advisories=advisories, vulnerabilities=vulnerabilities, unparsed=unparsed
    )


def unparsed(number: int) -> Unparsed:
    """Return an entry that could not be parsed."""
    return Unparsed(document="dsa.list", entry=f"line {number} \x00", reason="no version")


def brief(store: AdvisoryStore) -> list[tuple[str, str, datetime]]:
    """Return the identity of a snapshot."""
    return [(one.feed, one.fingerprint, one.fetched_at) for one in store.snapshots()]


class AdvisoryStoreSuite:
    """The contract of `AdvisoryStore`."""

    def test_advisories_round_trip(self, store: AdvisoryStore) -> None:
        given = [advisory(2, fix()), advisory(1, fix(), fix(name="curl"))]
        store.replace(snapshot(), given, ())
        assert list(store.advisories(["debian:12"])) == given[::-1]

    def test_only_statements_about_the_streams_are_returned(self, store: AdvisoryStore) -> None:
        """A stream named twice counts once."""
        old, new = fix("debian:11"), fix("debian:12")
        store.replace(snapshot(), [advisory(1, new, old), advisory(2, old)], ())
        assert list(store.advisories(["debian:12"])) == [advisory(1, new)]
        assert list(store.advisories(["debian:11", "debian:11"])) == [advisory(1, old), advisory(2, old)]
        assert list(store.advisories(["debian:12", "debian:11"])) == [advisory(1, old, new), advisory(2, old)]
        assert list(store.advisories(["debian:13"])) == []
        assert list(store.advisories([])) == []

    def test_streams_of_all_feeds_are_listed(self, store: AdvisoryStore) -> None:
        assert list(store.streams()) == []
        store.replace(snapshot(), [advisory(1, fix("debian:11"))], ())
        store.replace(snapshot(), [advisory(2, fix("debian:12"), fix("debian:12", "curl"))], ())
        store.replace(snapshot("other"), [advisory(1, fix("alpine:3.19"), fix("debian:12"))], ())
        assert list(store.streams()) == ["alpine:3.19", "debian:12"]

    def test_statuses_round_trip(self, store: AdvisoryStore) -> None:
        statuses = tuple(
            Status(target=fix("debian:12", state.lower()).target, state=state, word=f"word {state}")
            for state in FixState
        )
        given = advisory(1, statuses=statuses)
        store.replace(snapshot(), [given], ())
        assert list(store.advisories(["debian:12"])) == [given]
        assert list(store.streams()) == ["debian:12"]

    def test_remedies_round_trip_by_stream(self, store: AdvisoryStore) -> None:
        """An advisory may hold nothing but remedies."""
        remedies = tuple(
            VendorUpdate(target=fix(stream).target, update=f"KB{number}", supersedes=("KB1",), restart=Restart.REBOOT)
            for number, stream in enumerate(("debian:11", "debian:12"), start=5000000)
        )
        store.replace(snapshot(), [advisory(1, remedies=remedies)], ())
        assert list(store.streams()) == ["debian:11", "debian:12"]
        assert list(store.advisories(["debian:12"])) == [advisory(1, remedies=remedies[1:])]
        assert list(store.advisories(["debian:11", "debian:12"])) == [advisory(1, remedies=remedies)]

    def test_changed_documents_replace_their_statements(self, store: AdvisoryStore) -> None:
        first = stored(
            "a", "1", advisory(1, fix("debian:11"), fix("debian:12")), unparsed=(replace(unparsed(1), document="a"),)
        )
        second = stored("b", "1", advisory(2, fix("debian:12")))
        store.change(snapshot(), Changes(documents=[first, second], whole=True))
        again = stored("a", "2", advisory(3, fix("debian:12", "curl")))
        counted = store.change(snapshot(fingerprint="e" * 64), Changes(documents=[again]))
        assert (counted.advisories, counted.unparsed, counted.fingerprint) == (2, 0, "e" * 64)
        assert list(store.snapshots()) == [counted]
        assert list(store.advisories(["debian:11"])) == []
        assert {one.id for one in store.advisories(["debian:12"])} == {"DSA-2", "DSA-3"}
        assert store.documents("debian") == {"a": "2", "b": "1"}
        store.change(snapshot(), Changes(documents=[], removed=["b"]))
        assert [one.id for one in store.advisories(["debian:12"])] == ["DSA-3"]
        assert store.documents("debian") == {"a": "2"}
        assert list(store.unparsed("debian")) == []

    def test_streams_without_new_statements_may_be_kept(self, store: AdvisoryStore) -> None:
        """An unreachable mirror removes nothing."""
        store.replace(snapshot(), [advisory(1, fix("rocky:8"), fix("rocky:9"))], ())
        new = stored("", "", advisory(2, fix("rocky:9")))
        store.change(snapshot(), Changes(documents=[new], whole=True, kept_streams=True))
        assert [one.id for one in store.advisories(["rocky:8"])] == ["DSA-1"]
        assert [one.id for one in store.advisories(["rocky:9"])] == ["DSA-2"]

    def test_vulnerabilities_of_several_feeds_are_merged(self, store: AdvisoryStore) -> None:
        scored = Vulnerability(id="CVE-2026-0001", scores=(SCORE,))
        vulnerability = Vulnerability(id="CVE-2026-0001", cwes=("CWE-1",), state=RecordState.REJECTED)
        store.change(snapshot("nvd"), Changes(documents=[stored("x", "1", vulnerabilities=(scored,))], whole=True))
        store.change(
            snapshot("cve"), Changes(documents=[stored("x", "1", vulnerabilities=(vulnerability,))], whole=True)
        )
        assert store.vulnerabilities(["CVE-2026-0001", "CVE-2026-0002", "TEMP-1"]) == {
            "CVE-2026-0001": Vulnerability(
                id="CVE-2026-0001", scores=(SCORE,), cwes=("CWE-1",), state=RecordState.REJECTED
            )
        }
        store.change(snapshot("nvd"), Changes(documents=[stored("x", "2")]))
        assert store.vulnerabilities(["CVE-2026-0001"])["CVE-2026-0001"].scores == ()

    def test_dump_has_everything_of_a_feed(self, store: AdvisoryStore) -> None:
        one = Vulnerability(id="CVE-2026-0001", scores=(SCORE,))
        document = stored("a", "1", advisory(1, fix(), fix("debian:11")), vulnerabilities=(one,))
        before = store.change(snapshot(), Changes(documents=[document], whole=True))
        dump = store.dump("debian")
        store.replace(snapshot(fingerprint="e" * 64), [advisory(2, fix("debian:13"))], ())
        store.load(dump)
        assert list(store.snapshots()) == [before]
        assert list(store.streams()) == ["debian:11", "debian:12"]
        assert store.vulnerabilities(["CVE-2026-0001"]) == {"CVE-2026-0001": one}
        assert store.documents("debian") == {"a": "1"}
        with pytest.raises(StoreError):
            store.load(replace(dump, streams={"debian:12": b"x"}, documents=b"x"))
        assert list(store.snapshots()) == [before]
        with pytest.raises(StoreError):
            store.dump("unknown")

    def test_the_size_of_each_feed_is_known(self, store: AdvisoryStore) -> None:
        assert store.sizes() == {}
        store.replace(snapshot(), [advisory(1, fix())], ())
        assert store.sizes()["debian"] > 0

    def test_advisories_of_several_feeds_are_sorted_by_feed(self, store: AdvisoryStore) -> None:
        """Two feeds may cover one distribution and use the same id."""
        ours, theirs = advisory(1, fix(), feed="debian"), advisory(1, fix(), feed="another")
        store.replace(snapshot("debian"), [ours], ())
        store.replace(snapshot("another"), [theirs], ())
        assert list(store.advisories(["debian:12"])) == [theirs, ours]

    def test_two_advisories_of_one_id_are_both_kept(self, store: AdvisoryStore) -> None:
        """A publisher that repeats an id loses nothing."""
        given = [
            advisory(1, fix("debian:11"), fix("debian:12"), summary="first"),
            advisory(1, fix("debian:11"), fix("debian:12"), summary="second"),
        ]
        store.replace(snapshot(), given, ())
        assert list(store.advisories(["debian:11", "debian:12"])) == given

    def test_replacing_removes_the_previous_snapshot(self, store: AdvisoryStore) -> None:
        store.replace(snapshot(), [advisory(1, fix("debian:11"))], [unparsed(1)])
        store.replace(snapshot("another"), [advisory(3, fix("debian:11"), feed="another")], ())
        newer = snapshot(fingerprint="e" * 64, fetched_at=moment(2), published_at=None, validators={})
        store.replace(newer, [advisory(2, fix("debian:12"))], ())
        assert list(store.advisories(["debian:11"])) == [advisory(3, fix("debian:11"), feed="another")]
        assert list(store.advisories(["debian:12"])) == [advisory(2, fix("debian:12"))]
        assert brief(store) == [("another", "f" * 64, moment(1)), ("debian", "e" * 64, moment(2))]
        assert list(store.unparsed("debian")) == []

    def test_a_feed_may_be_empty(self, store: AdvisoryStore) -> None:
        """Its snapshot shows that it was fetched."""
        store.replace(snapshot(), (), ())
        assert [one.advisories for one in store.snapshots()] == [0]
        assert list(store.advisories(["debian:12"])) == []

    def test_touching_changes_only_the_time(self, store: AdvisoryStore) -> None:
        store.replace(snapshot(), [advisory(1, fix())], ())
        store.replace(snapshot("another"), (), ())
        store.touch("debian", moment(9))
        store.touch("unknown", moment(9))
        assert brief(store) == [("another", "f" * 64, moment(1)), ("debian", "f" * 64, moment(9))]
        assert list(store.advisories(["debian:12"])) == [advisory(1, fix())]

    def test_unparsed_entries_are_kept_in_order(self, store: AdvisoryStore) -> None:
        store.replace(snapshot(unparsed=2), (), [unparsed(2), unparsed(1)])
        assert list(store.unparsed("debian")) == [unparsed(2), unparsed(1)]
        assert list(store.unparsed("unknown")) == []

    def test_count_of_unparsed_entries_is_exact(self, store: AdvisoryStore) -> None:
        """The store keeps the first entries, at least a thousand."""
        entries = [unparsed(number) for number in range(5000)]
        store.replace(snapshot(unparsed=len(entries)), (), entries)
        kept = list(store.unparsed("debian"))
        assert kept == entries[: len(kept)]
        assert kept[:1000] == entries[:1000]
        assert [one.unparsed for one in store.snapshots()] == [len(entries)]

    def test_concurrent_replacements_leave_one_complete_snapshot(self, store: AdvisoryStore) -> None:
        """Snapshot and advisories come from the same call."""

        def give(number: int) -> None:
            packages = [fix(name=f"package-{place}") for place in range(20)]
            given = [advisory(place, package, summary=str(number)) for place, package in enumerate(packages)]
            store.replace(snapshot(origin=str(number)), given, ())

        assert at_once([partial(give, number) for number in range(6)]) == [None] * 6
        (kept,) = store.snapshots()
        assert {one.summary for one in _all(store)} == {kept.origin}

    def test_readers_see_one_snapshot_or_the_next(self, store: AdvisoryStore) -> None:
        store.replace(snapshot(), _edition(0), ())

        def write() -> None:
            for number in range(1, 10):
                store.replace(snapshot(), _edition(number), ())

        def read() -> None:
            for _ in range(10):
                assert [len({one.summary for one in _all(store)}), len(_all(store))] == [1, 30]

        assert at_once([write, read, read]) == [None] * 3


def _edition(number: int) -> Sequence[Advisory]:
    return [advisory(place, fix(f"debian:{10 + place % 3}"), summary=str(number)) for place in range(30)]


def _all(store: AdvisoryStore) -> Sequence[Advisory]:
    return store.advisories(["debian:10", "debian:11", "debian:12"])
