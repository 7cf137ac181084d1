"""Advisories in memory: the store for tests of what is above it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from openinspector.feed import Unparsed
from openinspector.model.advisory import Advisory, AffectedPackage
from openinspector.service.ports.advisory_store import FeedSnapshot


class MemoryAdvisoryStore:
    """Keeps snapshots as long as it lives."""

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

    def advisories(self, distributions: Sequence[str]) -> Sequence[Advisory]:
        """Return the advisories that affect any of ``distributions``, by feed and id."""
        found = (
            replace(advisory, affected=_limited(advisory.affected, distributions))
            for feed in sorted(self._kept)
            for advisory in sorted(self._kept[feed][1], key=lambda known: known.id)
        )
        return tuple(advisory for advisory in found if advisory.affected)

    def distributions(self) -> Sequence[str]:
        """Return every distribution that some advisory speaks of, sorted."""
        kept = (advisory for _, advisories, _ in self._kept.values() for advisory in advisories)
        return sorted({package.distribution for advisory in kept for package in advisory.affected})

    def unparsed(self, feed: str) -> Sequence[Unparsed]:
        """Return what could not be understood of a feed."""
        return self._kept[feed][2] if feed in self._kept else ()


def _limited(affected: Iterable[AffectedPackage], distributions: Sequence[str]) -> tuple[AffectedPackage, ...]:
    wanted = (package for package in affected if package.distribution in distributions)
    return tuple(sorted(wanted, key=lambda package: package.distribution))
