"""The rollout store's simulator: the whole port, in memory."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from openinspector.model.agent import AgentId
from openinspector.service.ports.rollout_store import ReportCounts, RolloutRing, UpdateReport


class MemoryRolloutStore:
    """Stores everything in dictionaries; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._rings: dict[str, RolloutRing] = {}
        self._reports: dict[tuple[AgentId, str], UpdateReport] = {}

    def list_rings(self) -> Sequence[RolloutRing]:
        """Return all rings by position, then name."""
        with self._lock:
            return sorted(self._rings.values(), key=lambda ring: (ring.position, ring.name))

    def put_ring(self, ring: RolloutRing) -> None:
        """Add a ring, or replace the one of that name."""
        with self._lock:
            self._rings[ring.name] = ring

    def set_pause(self, name: str, because: str) -> bool:
        """Pause a ring with a reason, or resume it with an empty one; return True if it exists."""
        with self._lock:
            if name not in self._rings:
                return False
            self._rings[name] = replace(self._rings[name], paused_because=because)
            return True

    def delete_ring(self, name: str) -> bool:
        """Delete a ring and what was reported in it; return True if it existed."""
        with self._lock:
            self._reports = {key: report for key, report in self._reports.items() if report.ring != name}
            return self._rings.pop(name, None) is not None

    def add_report(self, report: UpdateReport) -> None:
        """Store a report; it replaces the agent's earlier one on the same version."""
        with self._lock:
            self._reports[report.agent_id, report.to_version] = report

    def count_reports(self, ring: str, version: str) -> ReportCounts:
        """Count the agents that reported ``version`` in ``ring``."""
        found = [report.succeeded for report in self._of(ring, version)]
        return ReportCounts(succeeded=sum(found), failed=len(found) - sum(found))

    def list_failures(self, ring: str, version: str, limit: int) -> Sequence[UpdateReport]:
        """Return failures reported for ``version`` in ``ring``, newest first, at most ``limit``."""
        failed = sorted((r for r in self._of(ring, version) if not r.succeeded), key=lambda report: report.agent_id)
        return sorted(failed, key=lambda report: report.at, reverse=True)[:limit]

    def _of(self, ring: str, version: str) -> list[UpdateReport]:
        with self._lock:
            return [r for r in self._reports.values() if (r.ring, r.to_version) == (ring, version)]
