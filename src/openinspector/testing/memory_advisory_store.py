"""Advisories in memory: the store for tests of its callers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from openinspector.feed import Unparsed
from openinspector.model.advisory import Advisory, Vulnerability
from openinspector.model.errors import StoreError
from openinspector.service.ports.advisory_store import Changes, FeedDump, FeedSnapshot, StoredDocument


class MemoryAdvisoryStore:
    """Keeps what feeds state as long as it lives."""

    def __init__(self) -> None:
        self._snapshots: dict[str, FeedSnapshot] = {}
        self._documents: dict[str, dict[str, StoredDocument]] = {}

    def replace(self, snapshot: FeedSnapshot, advisories: Iterable[Advisory], unparsed: Sequence[Unparsed]) -> None:
        """Replace everything stored of the snapshot's feed by the statements of one document."""
        document = StoredDocument(name="", advisories=tuple(advisories), unparsed=tuple(unparsed))
        self.change(snapshot, Changes(documents=(document,), whole=True))

    def change(self, snapshot: FeedSnapshot, changes: Changes) -> FeedSnapshot:
        """Store changes of the snapshot's feed, and the snapshot with the resulting totals."""
        new = {document.name: document for document in changes.documents}
        before = self._documents.get(snapshot.feed, {})
        kept = {name: document for name, document in before.items() if name not in changes.removed}
        if changes.whole:
            kept = _others(before, new) if changes.kept_streams else {}
        self._documents[snapshot.feed] = kept | new
        counted = [document for name, document in (kept | new).items() if not name.startswith("kept ")]
        counts = replace(
            snapshot,
            advisories=sum(len(document.advisories) + len(document.vulnerabilities) for document in counted),
            unparsed=sum(len(document.unparsed) for document in counted),
        )
        self._snapshots[snapshot.feed] = counts
        return counts

    def documents(self, feed: str) -> Mapping[str, str]:
        """Return the digests of a feed's documents by name; empty for a feed that is parsed whole."""
        return {name: one.digest for name, one in self._documents.get(feed, {}).items() if one.digest}

    def fingerprints(self) -> Mapping[str, str]:
        """Return the fingerprint of each feed's stored state."""
        return {feed: snapshot.fingerprint for feed, snapshot in self._snapshots.items()}

    def days(self) -> Mapping[str, str]:
        """Return the day (ISO 8601, UTC) on which each feed was last fetched completely."""
        return {feed: snapshot.fetched_at.date().isoformat() for feed, snapshot in self._snapshots.items()}

    def snapshots(self) -> Sequence[FeedSnapshot]:
        """Return all snapshots, by feed."""
        return tuple(self._snapshots[feed] for feed in sorted(self._snapshots))

    def touch(self, feed: str, fetched_at: datetime) -> None:
        """Note that a feed was found unchanged."""
        if feed in self._snapshots:
            self._snapshots[feed] = replace(self._snapshots[feed], fetched_at=fetched_at)

    def advisories(self, streams: Sequence[str]) -> Sequence[Advisory]:
        """Return the advisories that mention any of ``streams``, by feed and id."""
        found = (limited(advisory, streams) for advisory in self._all())
        return tuple(advisory for advisory in found if advisory.statements or advisory.remedies)

    def vulnerabilities(self, identities: Collection[str]) -> Mapping[str, Vulnerability]:
        """Return what all feeds together say of these CVEs."""
        found: dict[str, Vulnerability] = {}
        for feed in sorted(self._documents):
            for document in self._documents[feed].values():
                for one in document.vulnerabilities:
                    if one.id in identities:
                        found[one.id] = found[one.id].merge(one) if one.id in found else one
        return found

    def streams(self) -> Sequence[str]:
        """Return every stream that an advisory mentions, sorted."""
        return sorted(
            {found.target.stream for advisory in self._all() for found in (*advisory.statements, *advisory.remedies)}
        )

    def sizes(self) -> Mapping[str, int]:
        """Return the number of advisories of each feed instead of bytes."""
        return {snapshot.feed: snapshot.advisories for snapshot in self.snapshots()}

    def dump(self, feed: str) -> FeedDump:
        """Return everything stored of a feed; StoreError if nothing is stored."""
        if feed not in self._snapshots:
            raise StoreError(f"nothing is stored of {feed}")
        documents = msgspec.msgpack.encode(list(self._documents[feed].values()))
        return FeedDump(snapshot=self._snapshots[feed], unparsed=(), streams={}, years={}, documents=documents)

    def load(self, dump: FeedDump) -> None:
        """Replace everything stored of the dump's feed; StoreError if the dump has another version."""
        try:
            documents = msgspec.msgpack.decode(dump.documents, type=list[StoredDocument])
        except msgspec.MsgspecError as error:
            raise StoreError("the dump is damaged or of another version") from error
        self._snapshots[dump.snapshot.feed] = dump.snapshot
        self._documents[dump.snapshot.feed] = {document.name: document for document in documents}

    def unparsed(self, feed: str) -> Sequence[Unparsed]:
        """Return what could not be understood of a feed."""
        return tuple(entry for document in self._documents.get(feed, {}).values() for entry in document.unparsed)

    def _all(self) -> Iterable[Advisory]:
        for feed in sorted(self._documents):
            documents = self._documents[feed].values()
            yield from sorted((one for document in documents for one in document.advisories), key=lambda one: one.id)


def _others(before: Mapping[str, StoredDocument], new: Mapping[str, StoredDocument]) -> dict[str, StoredDocument]:
    """Return the stored statements about streams that no new document mentions."""
    stated = {
        one.target.stream for document in new.values() for found in document.advisories for one in found.statements
    }
    kept = {}
    for name, document in before.items():
        streams = {one.target.stream for found in document.advisories for one in found.statements} - stated
        advisories = (limited(found, sorted(streams)) for found in document.advisories)
        rest = tuple(found for found in advisories if found.statements)
        kept[f"kept {name}"] = StoredDocument(name=f"kept {name}", advisories=rest)
    return kept


def limited(advisory: Advisory, streams: Sequence[str]) -> Advisory:
    """Return an advisory with only its statements about ``streams``, by stream."""
    fixes = (fix for fix in advisory.fixes if fix.target.stream in streams)
    statuses = (status for status in advisory.statuses if status.target.stream in streams)
    remedies = (remedy for remedy in advisory.remedies if remedy.target.stream in streams)
    return replace(
        advisory,
        remedies=tuple(sorted(remedies, key=lambda remedy: remedy.target.stream)),
        fixes=tuple(sorted(fixes, key=lambda fix: fix.target.stream)),
        statuses=tuple(sorted(statuses, key=lambda status: status.target.stream)),
    )
