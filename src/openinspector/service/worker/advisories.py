"""The current advisory indices, kept in memory until a feed changes."""

from collections.abc import Mapping, Sequence
from threading import Lock

from openinspector.engine.match import AdvisoryIndex
from openinspector.engine.streams import concerns
from openinspector.model.advisory import Advisory, Vulnerability
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
        wanted = self._streams(host_distributions)
        with self._lock:
            if (fingerprints, days) != self._state:
                self._kept = {}
                self._state = fingerprints, days
            slot = self._kept.setdefault(wanted, _Slot())
        with slot.lock:
            if slot.index is None:
                advisories, vulnerabilities = self._statements(wanted)
                slot.index = AdvisoryIndex(
                    advisories,
                    schemes=self._schemes,
                    fingerprints=fingerprints,
                    days=days,
                    vulnerabilities=vulnerabilities,
                )
            return slot.index

    def statements_for(
        self, host_distributions: Sequence[str]
    ) -> tuple[Sequence[Advisory], Mapping[str, Vulnerability]]:
        """Return the advisories for hosts, and the records of the CVEs that these name."""
        return self._statements(self._streams(host_distributions))

    def _streams(self, host_distributions: Sequence[str]) -> frozenset[str]:
        known = self._store.streams()
        return frozenset(name for name in known if any(concerns(name, host) for host in host_distributions))

    def _statements(self, streams: frozenset[str]) -> tuple[Sequence[Advisory], Mapping[str, Vulnerability]]:
        advisories = self._store.advisories(sorted(streams))
        named = {name for advisory in advisories for name in advisory.vulnerabilities}
        return advisories, self._store.vulnerabilities(named)


class _Slot:
    """One index, and the lock of the callers that wait for it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.index: AdvisoryIndex | None = None
