"""The coverage store's simulator: the whole port, in memory."""

import threading
from collections.abc import Sequence

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.service.ports.coverage_store import HostCoverage


class MemoryCoverageStore:
    """Stores everything in dictionaries; each method is atomic."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._hosts: dict[RunArn, dict[AgentId, HostCoverage]] = {}

    def record(self, run: RunArn, hosts: Sequence[HostCoverage]) -> None:
        """Record hosts, all or nothing."""
        with self._lock:
            for host in hosts:
                self._hosts.setdefault(run, {})[host.agent_id] = host

    def hosts(self, run: RunArn, after: AgentId | None, limit: int) -> Sequence[HostCoverage]:
        """Return hosts of a run from the first after ``after``, by agent id."""
        with self._lock:
            found = sorted(self._hosts.get(run, {}).values(), key=lambda one: one.agent_id)
        return [one for one in found if after is None or one.agent_id > after][:limit]

    def host(self, run: RunArn, agent: AgentId) -> HostCoverage | None:
        """Return one host of a run, or None."""
        with self._lock:
            return self._hosts.get(run, {}).get(agent)

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has coverage, sorted."""
        with self._lock:
            return sorted(self._hosts)

    def delete_run(self, run: RunArn) -> None:
        """Delete a run's coverage."""
        with self._lock:
            self._hosts.pop(run, None)
