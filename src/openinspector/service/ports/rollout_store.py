"""Where rollout rings are kept, and what agents report of their updates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from openinspector.model.agent import AgentId
from openinspector.model.asset import Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRing:
    """Some of the agents, and the version they are offered. Offered is not given: agents take what is signed only."""

    name: str
    position: int
    """Rings are tried in this order; an agent is in the first that takes it."""
    tags: tuple[Tag, ...]
    """Hosts with any of these tags (F4.3); every host where empty."""
    percentage: int
    """Of those, by a hash of the agent's id that never changes: 1 to 100."""
    version: str
    max_failure_percent: int
    """Pause by itself above this share of failures among what its agents reported."""
    paused_because: str = ""
    """Empty: not paused. A paused ring's agents are offered nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateReport:
    """What an agent says became of an update."""

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
    """How many agents of a ring reported a version, each with its last word."""

    succeeded: int = 0
    failed: int = 0


class RolloutStore(Protocol):
    """Keeps rings and reports."""

    def list_rings(self) -> Sequence[RolloutRing]:
        """Return all rings by position, then name."""
        ...

    def put_ring(self, ring: RolloutRing) -> None:
        """Add a ring, or replace the one of that name."""
        ...

    def set_pause(self, name: str, because: str) -> bool:
        """Pause a ring with a reason, or let it go on with an empty one; says whether it is there."""
        ...

    def delete_ring(self, name: str) -> bool:
        """Delete a ring and what was reported in it; says whether it was there."""
        ...

    def add_report(self, report: UpdateReport) -> None:
        """Keep a report; an agent's earlier one on the same version is replaced."""
        ...

    def count_reports(self, ring: str, version: str) -> ReportCounts:
        """Count the agents that reported ``version`` in ``ring``."""
        ...

    def list_failures(self, ring: str, version: str, limit: int) -> Sequence[UpdateReport]:
        """Return the failures reported of ``version`` in ``ring``, newest first, at most ``limit``."""
        ...
