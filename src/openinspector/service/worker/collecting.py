"""Collecting: obtains one kind of data that a run needs. The run driver knows no other difference between kinds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from openinspector.model.agent import AgentHealth, AgentId
from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.worker.open_agents import open_agents


class Collecting(Protocol):
    """Obtains one kind of data. Every method may be repeated."""

    def collect(self, run: AssessmentRun) -> None:
        """Collect the data that is available at once; the rest arrives while the run waits."""
        ...

    def seconds_left(self, run: AssessmentRun) -> float:
        """Return how long the run may wait in its present state for missing data; 0 if nothing is missing."""
        ...

    def subjects(self, run: AssessmentRun) -> Sequence[AgentId]:
        """Return the ids of the hosts and instances that the data is about."""
        ...

    def interrupted(self, run: AssessmentRun) -> frozenset[AgentId]:
        """Return the subjects whose data was incomplete when the user stopped the run."""
        ...

    def is_empty(self, run: AssessmentRun) -> bool:
        """Return True if nothing at all has arrived."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryCollecting:
    """Waits for the telemetry of the run's agents; `collection_monitor` tells them to send it."""

    assessments: AssessmentStore
    agents: AgentStore
    telemetry: TelemetryStore
    clock: Clock
    stop_grace: timedelta

    def collect(self, run: AssessmentRun) -> None:
        """Do nothing: agents send by themselves."""

    def seconds_left(self, run: AssessmentRun) -> float:
        """Return the rest of the duration while streams are open, then of the grace period of healthy agents."""
        if run.state is AssessmentRunState.COLLECTING_DATA:
            if run.stop_action is not None:
                return 0
            allowed, waiting = timedelta(seconds=run.duration_seconds), self._open(run.arn)
        else:
            allowed, waiting = self.stop_grace, self._healthy(self._open(run.arn))
        if not waiting:
            return 0
        return max(0.0, (run.state_changed_at + allowed - self.clock.now()).total_seconds())

    def subjects(self, run: AssessmentRun) -> Sequence[AgentId]:
        """Return the agents that take part in the run."""
        return self.assessments.run_agents(run.arn)

    def interrupted(self, run: AssessmentRun) -> frozenset[AgentId]:
        """Return the agents whose streams the stop left open."""
        return frozenset(self._open(run.arn)) if run.stopped_early else frozenset()

    def is_empty(self, run: AssessmentRun) -> bool:
        """Return True if the run has agents and none of them sent anything."""
        return bool(self.subjects(run)) and not self.telemetry.streams(run.arn)

    def _open(self, run: RunArn) -> tuple[AgentId, ...]:
        return open_agents(self.assessments, self.telemetry, run)

    def _healthy(self, ids: Sequence[AgentId]) -> tuple[AgentId, ...]:
        now = self.clock.now()
        return tuple(a.id for a in self.agents.agents_by_id(ids) if a.health(now) is AgentHealth.HEALTHY)
