"""Watches runs that collect: sets the instructions of their agents, and wakes a run once its streams are closed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import Final

import structlog

from openinspector.model.agent import AgentId
from openinspector.model.arn import RulesPackageArn
from openinspector.model.assessment import AssessmentRun
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.app.instructions import InstructionBoard
from openinspector.service.app.run_workflow import WAKE
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
    sensors_for: Callable[[Sequence[RulesPackageArn]], tuple[str, ...]]
    """Returns the sensors that rules packages need."""


class CollectionMonitor:
    """A thread that checks the runs in progress twice a second."""

    def __init__(
        self,
        *,
        assessments: AssessmentStore,
        telemetry: TelemetryStore,
        board: InstructionBoard,
        workflows: Workflows,
        settings: CollectionSettings,
    ) -> None:
        self._assessments = assessments
        self._telemetry = telemetry
        self._board = board
        self._workflows = workflows
        self._settings = settings
        self._woken: set[tuple[str, AssessmentRunState]] = set()
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
        """Replace the instructions of every agent, and wake the runs that have nothing to wait for."""
        instructions: dict[AgentId, list[Instruction]] = {}
        runs = self._assessments.runs_in_states(_COLLECTING)
        for run in runs:
            waiting, instruction = open_agents(self._assessments, self._telemetry, run.arn), self._instruction(run)
            for agent in waiting:
                instructions.setdefault(agent, []).append(instruction)
            if not waiting or _should_stop(run):
                self._wake(run)
        self._woken = {(run.arn, run.state) for run in runs if (run.arn, run.state) in self._woken}
        self._board.replace({agent: tuple(found) for agent, found in instructions.items()})

    def _instruction(self, run: AssessmentRun) -> Instruction:
        if run.state is AssessmentRunState.STOP_DATA_COLLECTION_PENDING:
            return StopCollection(run_arn=run.arn, discard=False)
        return StartCollection(
            run_arn=run.arn,
            sensors=self._settings.sensors_for(run.rules_package_arns),
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
