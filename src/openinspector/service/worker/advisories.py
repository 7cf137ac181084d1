"""The current advisory indices, kept in memory until a feed changes."""

from collections.abc import Mapping, Sequence
from threading import Lock

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.streams import concerns
from openinspector.service.ports.advisory_store import AdvisoryReader
from openinspector.version import VersionScheme


class AdvisoryCache:
    """One index per distribution release, replaced when a feed's fingerprint or day changes.

    A release loads only its own streams, and only callers that request this release wait for it.
    """

    def __init__(self, store: AdvisoryReader, schemes: Mapping[str, VersionScheme]) -> None:
        self._store = store
        self._schemes = schemes
        self._lock = Lock()
        self._state: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
        self._kept: dict[frozenset[str], _Slot] = {}

    def index_for(self, host_distributions: Sequence[str]) -> AdvisoryIndex:
        """Return an index that knows every advisory for the hosts' ``<ID>:<VERSION_ID>``."""
        fingerprints, days = self._store.fingerprints(), self._store.days()
        known = self._store.streams()
        wanted = frozenset(name for name in known if any(concerns(name, host) for host in host_distributions))
        with self._lock:
            if (fingerprints, days) != self._state:
                self._kept = {}
                self._state = fingerprints, days
            slot = self._kept.setdefault(wanted, _Slot())
        with slot.lock:
            if slot.index is None:
                advisories = self._store.advisories(sorted(wanted))
                named = {name for advisory in advisories for name in advisory.vulnerabilities}
                slot.index = AdvisoryIndex(
                    advisories,
                    schemes=self._schemes,
                    fingerprints=fingerprints,
                    days=days,
                    vulnerabilities=self._store.vulnerabilities(named),
                )
            return slot.index


class _Slot:
    """One index, and the lock of the callers that wait for it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.index: AdvisoryIndex | None = None
