"""Watches runs that collect: sets the instructions of their agents, and wakes a run once its streams are closed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Final

import structlog

from openinspector.model.agent import AgentId
from openinspector.model.arn import RulesPackageArn, RunArn
from openinspector.model.assessment import AssessmentRun
from openinspector.model.run_state import AssessmentRunState
from openinspector.model.system_family import SystemFamily
from openinspector.service.app.instructions import InstructionBoard, RunOrders, orders_of
from openinspector.service.app.run_workflow import WAKE
from openinspector.service.ports.assessment_store import AssessmentStore
from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.ports.workflows import Workflows
from openinspector.wire.instruction import Instruction, StartCollection, StopCollection

_COLLECTING: Final = (
    AssessmentRunState.START_DATA_COLLECTION_IN_PROGRESS,
    AssessmentRunState.COLLECTING_DATA,
    AssessmentRunState.STOP_DATA_COLLECTION_PENDING,
)
_TICK_SECONDS: Final = 0.5
_COMMIT_TIME: Final = timedelta(seconds=60)
"""Longest time between noting a closing and its commit: a frozen node's sessions are ended before (`NodeStore`)."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionSettings:
    """Settings of the instructions to agents."""

    close_when_collected: bool
    sensors_for: Callable[[Sequence[RulesPackageArn], SystemFamily], tuple[str, ...]]
    """Returns the sensors that a run with these rules packages collects from on a host of this family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionStores:
    """The stores that hold runs, their agents and the streams received."""

    assessments: AssessmentStore
    telemetry: TelemetryStore


@dataclass(slots=True, kw_only=True)
class _Followed:
    """A run in progress. Its agents are read once, then only the closings that are new."""

    agents: frozenset[AgentId]
    closed: set[AgentId] = field(default_factory=set)
    """Grows while heartbeats read it."""
    last: datetime | None = None
    state: AssessmentRunState | None = None
    orders: RunOrders | None = None

    @property
    def is_complete(self) -> bool:
        """True if all agents have closed their streams; only agents of the run can."""
        return len(self.closed) == len(self.agents)


class CollectionMonitor:
    """A thread that checks the runs in progress twice a second. A tick costs what has changed, not the fleet."""

    def __init__(
        self,
        *,
        stores: CollectionStores,
        board: InstructionBoard,
        workflows: Workflows,
        settings: CollectionSettings,
    ) -> None:
        self._assessments = stores.assessments
        self._telemetry = stores.telemetry
        self._board = board
        self._workflows = workflows
        self._settings = settings
        self._woken: set[tuple[str, AssessmentRunState]] = set()
        self._followed: dict[RunArn, _Followed] = {}
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
        """Replace the instruction board, and wake the runs that wait for nothing."""
        runs = self._assessments.runs_in_states(_COLLECTING)
        self._followed = {run.arn: self._followed.get(run.arn) or self._begin(run.arn) for run in runs}
        for run in runs:
            followed = self._followed[run.arn]
            self._note_closings(run.arn, followed)
            if followed.is_complete or _should_stop(run):
                self._wake(run)
        self._woken = {(run.arn, run.state) for run in runs if (run.arn, run.state) in self._woken}
        self._board.replace([self._orders(run, self._followed[run.arn]) for run in runs])

    def _begin(self, run: RunArn) -> "_Followed":
        return _Followed(agents=frozenset(self._assessments.run_agents(run)))

    def _note_closings(self, run: RunArn, followed: "_Followed") -> None:
        since = None if followed.last is None else followed.last - _COMMIT_TIME
        found = self._telemetry.closings(run, since)
        followed.closed |= found.agents
        followed.last = found.last or followed.last

    def _orders(self, run: AssessmentRun, followed: "_Followed") -> RunOrders:
        if followed.orders is None or followed.state is not run.state:
            by_family = {family: orders_of(self._instruction(run, family)) for family in SystemFamily}
            followed.orders = RunOrders(agents=followed.agents, closed=followed.closed, by_family=by_family)
            followed.state = run.state
        return followed.orders

    def _instruction(self, run: AssessmentRun, family: SystemFamily) -> Instruction:
        if run.state is AssessmentRunState.STOP_DATA_COLLECTION_PENDING:
            return StopCollection(run_arn=run.arn, discard=False)
        return StartCollection(
            run_arn=run.arn,
            sensors=self._settings.sensors_for(run.rules_package_arns, family),
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
