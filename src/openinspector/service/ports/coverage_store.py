"""Store of coverage: the number of packages by conclusion on each host of a run (ADR 66).

Names and versions of packages are telemetry. They are kept apart, sealed under the run's key
(`openinspector.service.app.coverage_vault`), and are destroyed with it; the numbers stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCoverage:
    """The coverage of one host in numbers."""

    agent_id: AgentId
    counts: Mapping[str, int]
    """Number of packages by verdict or, for packages that are not assessed, by reason."""
    scored: int = 0
    """Number of the host's vulnerability findings that have a CVSS score."""
    unscored: int = 0
    score_sources: Mapping[str, str]
    """Feed of scores → date of its data (ISO 8601); empty if no scores were loaded."""
    object_name: str
    """Sealed object with the packages."""


class CoverageStore(Protocol):
    """Stores coverage by host. Recording a host again replaces its coverage, so that a step may be repeated."""

    def record(self, run: RunArn, hosts: Sequence[HostCoverage]) -> None:
        """Record hosts, all or nothing."""
        ...

    def hosts(self, run: RunArn, after: AgentId | None, limit: int) -> Sequence[HostCoverage]:
        """Return hosts of a run from the first after ``after``, by agent id."""
        ...

    def host(self, run: RunArn, agent: AgentId) -> HostCoverage | None:
        """Return one host of a run, or None."""
        ...

    def runs(self) -> Sequence[RunArn]:
        """Return every run that has coverage, sorted."""
        ...

    def delete_run(self, run: RunArn) -> None:
        """Delete a run's coverage."""
        ...
