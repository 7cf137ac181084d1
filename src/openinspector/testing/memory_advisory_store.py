"""Advisories in memory: the store for tests of what is above it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from openinspector.feed import Unparsed
from openinspector.model.advisory import Advisory
from openinspector.service.ports.advisory_store import FeedSnapshot


class MemoryAdvisoryStore:
    """Stores snapshots as long as it lives."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[FeedSnapshot, tuple[Advisory, ...], tuple[Unparsed, ...]]] = {}

    def replace(self, snapshot: FeedSnapshot, advisories: Iterable[Advisory], unparsed: Sequence[Unparsed]) -> None:
        """Replace everything stored of the snapshot's feed."""
        self._kept[snapshot.feed] = (snapshot, tuple(advisories), tuple(unparsed))

    def snapshots(self) -> Sequence[FeedSnapshot]:
        """Return all snapshots, by feed."""
        return tuple(self._kept[feed][0] for feed in sorted(self._kept))

    def touch(self, feed: str, fetched_at: datetime) -> None:
        """Note that a feed was found unchanged."""
        if feed in self._kept:
            snapshot, advisories, unparsed = self._kept[feed]
            self._kept[feed] = (replace(snapshot, fetched_at=fetched_at), advisories, unparsed)

    def advisories(self, streams: Sequence[str]) -> Sequence[Advisory]:
        """Return the advisories that state anything of ``streams``, by feed and id."""
        found = (
            limited(advisory, streams)
            for feed in sorted(self._kept)
            for advisory in sorted(self._kept[feed][1], key=lambda known: known.id)
        )
        return tuple(advisory for advisory in found if advisory.fixes or advisory.statuses)

    def streams(self) -> Sequence[str]:
        """Return every stream that some advisory states anything of, sorted."""
        kept = (advisory for _, advisories, _ in self._kept.values() for advisory in advisories)
        return sorted({found.target.stream for advisory in kept for found in advisory.statements})

    def unparsed(self, feed: str) -> Sequence[Unparsed]:
        """Return what could not be understood of a feed."""
        return self._kept[feed][2] if feed in self._kept else ()


def limited(advisory: Advisory, streams: Sequence[str]) -> Advisory:
    """Return an advisory with its statements of ``streams`` alone, by stream."""
    fixes = (fix for fix in advisory.fixes if fix.target.stream in streams)
    statuses = (status for status in advisory.statuses if status.target.stream in streams)
    return replace(
        advisory,
        fixes=tuple(sorted(fixes, key=lambda fix: fix.target.stream)),
        statuses=tuple(sorted(statuses, key=lambda status: status.target.stream)),
    )
