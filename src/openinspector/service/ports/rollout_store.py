"""Store of rollout rings and of update reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from openinspector.model.agent import AgentId
from openinspector.model.asset import Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRing:
    """A set of agents and the version offered to them. Agents install signed releases only."""

    name: str
    position: int
    """Rings are matched in this order; an agent belongs to the first match."""
    tags: tuple[Tag, ...]
    """Hosts with any of these tags (F4.3); every host if empty."""
    percentage: int
    """Share of these hosts, chosen by a stable hash of the agent's id: 1 to 100."""
    version: str
    max_failure_percent: int
    """The ring pauses if more than this share of the reports are failures."""
    paused_because: str = ""
    """Empty if not paused. Agents of a paused ring are offered nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateReport:
    """An agent's report on an update."""

    agent_id: AgentId
    ring: str
    """The ring the agent was in when it reported."""
    from_version: str
    to_version: str
    succeeded: bool
    result: str
    diagnostics: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCounts:
    """Number of agents of a ring by their last report on a version."""

    succeeded: int = 0
    failed: int = 0


class RolloutStore(Protocol):
    """Stores rings and reports."""

    def list_rings(self) -> Sequence[RolloutRing]:
        """Return all rings by position, then name."""
        ...

    def put_ring(self, ring: RolloutRing) -> None:
        """Add a ring, or replace the one of that name."""
        ...

    def set_pause(self, name: str, because: str) -> bool:
        """Pause a ring with a reason, or resume it with an empty one; return True if it exists."""
        ...

    def delete_ring(self, name: str) -> bool:
        """Delete a ring and what was reported in it; return True if it existed."""
        ...

    def add_report(self, report: UpdateReport) -> None:
        """Store a report; it replaces the agent's earlier one on the same version."""
        ...

    def count_reports(self, ring: str, version: str) -> ReportCounts:
        """Count the agents that reported ``version`` in ``ring``."""
        ...

    def list_failures(self, ring: str, version: str, limit: int) -> Sequence[UpdateReport]:
        """Return failures reported for ``version`` in ``ring``, newest first, at most ``limit``."""
        ...
