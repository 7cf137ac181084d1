"""The advisory index in force, kept in memory until a feed brings something new."""

from collections.abc import Mapping, Sequence
from threading import Lock

from openinspector.engine.match import AdvisoryIndex, advisory_distributions
from openinspector.service.ports.advisory_store import AdvisoryStore
from openinspector.version import VersionScheme


class AdvisoryShelf:
    """One index per set of distributions, rebuilt when a feed's fingerprint changes."""

    def __init__(self, store: AdvisoryStore, schemes: Mapping[str, VersionScheme]) -> None:
        self._store = store
        self._schemes = schemes
        self._lock = Lock()
        self._fingerprints: Mapping[str, str] = {}
        self._index = AdvisoryIndex.empty()
        self._loaded: frozenset[str] = frozenset()

    def index_for(self, host_distributions: Sequence[str]) -> AdvisoryIndex:
        """Return an index that knows every advisory for the hosts' ``<ID>:<VERSION_ID>``."""
        wanted = frozenset(name for distribution in host_distributions for name in advisory_distributions(distribution))
        fingerprints = {snapshot.feed: snapshot.fingerprint for snapshot in self._store.snapshots()}
        with self._lock:
            if fingerprints != self._fingerprints:
                self._loaded = frozenset()
                self._fingerprints = fingerprints
            if not wanted <= self._loaded:
                self._loaded |= wanted
                self._index = AdvisoryIndex(
                    self._store.advisories(sorted(self._loaded)), schemes=self._schemes, fingerprints=fingerprints
                )
            return self._index
