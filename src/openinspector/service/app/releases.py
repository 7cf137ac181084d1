"""Rollout rings: which signed release an agent is offered, and when a rollout pauses automatically.

Agents do not trust the service: they verify releases against keys that the service does not have.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from openinspector.model.agent import Agent, AgentId
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.rollout_store import ReportCounts, RolloutRing, RolloutStore, UpdateReport
from openinspector.wire.release import ReleaseReply, ReleaseReport, ReleaseRequest, target_name

FEWEST_REPORTS: Final = 10
"""Minimum number of reports: one early failure does not pause a ring, unless none is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """Offers releases to agents and records their reports."""

    rollouts: RolloutStore
    agents: AgentStore
    clock: Clock

    def offer(self, agent_id: AgentId, request: ReleaseRequest) -> ReleaseReply:
        """Return the release offered to the agent; none if it has it, is in no ring, or the ring is paused."""
        ring = ring_of(self._agent(agent_id), self.rollouts.list_rings())
        if ring is None or ring.paused_because or ring.version == request.version:
            return ReleaseReply()
        return ReleaseReply(target=target_name(ring.version, request.platform))

    def report(self, agent_id: AgentId, report: ReleaseReport) -> bool:
        """Store an agent's report and pause its ring after too many failures; return True if it was stored.

        Only reports about the version that the agent's ring offers are kept, so that a host cannot fill the store.
        """
        ring = ring_of(self._agent(agent_id), self.rollouts.list_rings())
        if ring is None or report.to_version != ring.version:
            return False
        self.rollouts.add_report(
            UpdateReport(
                agent_id=agent_id,
                ring=ring.name,
                from_version=report.from_version,
                to_version=report.to_version,
                succeeded=report.succeeded,
                result=report.result,
                diagnostics=report.diagnostics,
                at=self.clock.now(),
            )
        )
        if report.succeeded or ring.paused_because:
            return True
        counts = self.rollouts.count_reports(ring.name, ring.version)
        if too_many_failed(ring, counts):
            reason = f"{counts.failed} of {counts.failed + counts.succeeded} agents could not update to {ring.version}"
            self.rollouts.set_pause(ring.name, reason)
        return True

    def _agent(self, agent_id: AgentId) -> Agent:
        found = self.agents.agents_by_id((agent_id,))
        if not found:
            raise RefusedError(RefusalCode.UNKNOWN_AGENT, "there is no such agent; it may have been revoked")
        return found[0]


def ring_of(agent: Agent, rings: Sequence[RolloutRing]) -> RolloutRing | None:
    """Return the first ring that matches an agent."""
    share = share_of(agent.id)
    return next((ring for ring in rings if _selects(ring, agent) and share < ring.percentage), None)


def share_of(agent_id: AgentId) -> int:
    """Return the agent's percentile, 0 to 99; the same for all rings, so that rings nest."""
    return int.from_bytes(hashlib.sha256(agent_id.encode()).digest()[:8], "big") % 100


def too_many_failed(ring: RolloutRing, counts: ReportCounts) -> bool:
    """Return True if a ring's failures exceed its allowed share."""
    reports = max(counts.failed + counts.succeeded, FEWEST_REPORTS)
    return counts.failed * 100 > ring.max_failure_percent * reports


def _selects(ring: RolloutRing, agent: Agent) -> bool:
    return not ring.tags or any(
        wanted.key == tag.key and wanted.value in (None, tag.value) for wanted in ring.tags for tag in agent.tags
    )
