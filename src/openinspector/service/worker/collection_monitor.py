"""Watches runs that collect: sets the instructions of their agents, and wakes a run once its streams are closed."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import Final

import structlog

from openinspector.model.agent import AgentId
from openinspector.model.arn import RulesPackageArn
from openinspector.model.assessment import AssessmentRun
from openinspector.model.run_state import AssessmentRunState
from openinspector.model.system_family import SystemFamily, system_family
from openinspector.service.app.instructions import InstructionBoard
from openinspector.service.app.run_workflow import WAKE
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.ports.workflows import Workflows
from openinspector.service.worker.open_agents import open_agents
from openinspector.wire.instruction import Instruction, StartCollection, StopCollection

_COLLECTING: Final = (
    AssessmentRunState.START_DATA_COLLECTION_IN_PROGRESS,
    AssessmentRunState.COLLECTING_DATA,
    AssessmentRunState.STOP_DATA_COLLECTION_PENDING,
)
_TICK_SECONDS: Final = 0.5

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionSettings:
    """Settings of the instructions to agents."""

    close_when_collected: bool
    sensors_for: Callable[[Sequence[RulesPackageArn], SystemFamily], tuple[str, ...]]
    """Returns the sensors that a run with these rules packages collects from on a host of this family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionStores:
    """The stores that hold runs, their hosts and the streams received."""

    assessments: AssessmentStore
    agents: AgentStore
    telemetry: TelemetryStore


class CollectionMonitor:
    """A thread that checks the runs in progress twice a second."""

    def __init__(
        self,
        *,
        stores: CollectionStores,
        board: InstructionBoard,
        workflows: Workflows,
        settings: CollectionSettings,
    ) -> None:
        self._assessments = stores.assessments
        self._agents = stores.agents
        self._telemetry = stores.telemetry
        self._board = board
        self._workflows = workflows
        self._settings = settings
        self._woken: set[tuple[str, AssessmentRunState]] = set()
        self._families: dict[AgentId, SystemFamily] = {}
        """Of the agents of the runs in progress; a host does not change its family."""
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="collection-monitor", daemon=True)

    def start(self) -> None:
        """Begin watching."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopping.set()
        self._thread.join()

    def tick(self) -> None:
        """Replace the instructions of every agent, and wake the runs that wait for nothing."""
        instructions: dict[AgentId, list[Instruction]] = {}
        runs = self._assessments.runs_in_states(_COLLECTING)
        open_by_run = {run.arn: open_agents(self._assessments, self._telemetry, run.arn) for run in runs}
        self._families = self._families_of({agent for agents in open_by_run.values() for agent in agents})
        for run in runs:
            waiting = open_by_run[run.arn]
            by_family = {family: self._instruction(run, family) for family in set(map(self._families.get, waiting))}
            for agent in waiting:
                instructions.setdefault(agent, []).append(by_family[self._families.get(agent)])
            if not waiting or _should_stop(run):
                self._wake(run)
        self._woken = {(run.arn, run.state) for run in runs if (run.arn, run.state) in self._woken}
        self._board.replace({agent: tuple(found) for agent, found in instructions.items()})

    def _families_of(self, agents: Collection[AgentId]) -> dict[AgentId, SystemFamily]:
        known = {agent: family for agent, family in self._families.items() if agent in agents}
        unknown = [agent for agent in agents if agent not in known]
        found = self._agents.agents_by_id(unknown) if unknown else ()
        described = [agent for agent in found if agent.host.distribution]
        return known | {agent.id: system_family(agent.host.distribution.partition(":")[0]) for agent in described}

    def _instruction(self, run: AssessmentRun, family: SystemFamily | None) -> Instruction:
        if run.state is AssessmentRunState.STOP_DATA_COLLECTION_PENDING:
            return StopCollection(run_arn=run.arn, discard=False)
        return StartCollection(
            run_arn=run.arn,
            sensors=self._settings.sensors_for(run.rules_package_arns, family or SystemFamily.LINUX),
            ends_at=(run.started_at or run.created_at) + timedelta(seconds=run.duration_seconds),
            close_when_collected=self._settings.close_when_collected,
        )

    def _wake(self, run: AssessmentRun) -> None:
        if (run.arn, run.state) not in self._woken:
            self._workflows.signal(run.arn, WAKE, "collected")
            self._woken.add((run.arn, run.state))

    def _watch(self) -> None:
        while not self._stopping.wait(_TICK_SECONDS):
            try:
                self.tick()
            except Exception:  # noqa: BLE001 - the next tick tries again; a run still ends at its duration
                _log.exception("collection_monitor tick failed")


def _should_stop(run: AssessmentRun) -> bool:
    """Return True if a stopped run still collects: the stop was stored, and its signal was lost."""
    return run.stop_action is not None and run.state is AssessmentRunState.COLLECTING_DATA
