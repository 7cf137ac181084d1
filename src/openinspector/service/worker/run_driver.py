"""Drives one run from CREATED to its end as a durable workflow.

- begin: note the exclusions known before a run, make the run's data key, let agents start
- collect: wait until every stream is closed, the duration is over or a stop is asked for
- flush: give healthy agents up to the grace period to close their streams
- evaluate: judge a batch of hosts at a time
- finish: count, and enter the final state

Every step is idempotent: the process may die between a step's effect and the engine's note of it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

import msgspec
import structlog

from openinspector.model.agent import AgentHealth, AgentId
from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun, StopAction
from openinspector.model.run_state import BEFORE_EVALUATION, AssessmentRunState
from openinspector.service.app.run_workflow import WAKE
from openinspector.service.ports.agent_store import AgentStore
from openinspector.service.ports.assessment_store import AssessmentStore, MissingError
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.telemetry_store import TelemetryStore
from openinspector.service.ports.workflows import WorkflowContext

_State = AssessmentRunState
_log = structlog.get_logger()

STREAM: Final = "collection"
_LONGEST_WAIT_SECONDS: Final = 3600.0


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one evaluation step did; remembered by the workflow, so small."""

    hosts: int
    assessed: dict[str, int]
    """Rules package ARN to the number of hosts of which at least one of its rules could say something."""
    errors: int
    """Exclusions that make a run end COMPLETED_WITH_ERRORS."""


class Evaluator(Protocol):
    """Judges hosts of a run and stores what it finds."""

    def begin(self, run: AssessmentRun) -> int:
        """Store the exclusions known before collection; returns how many of them are errors."""
        ...

    def evaluate(self, run: AssessmentRun, agents: Sequence[AgentId], *, run_hosts: int) -> BatchResult:
        """Evaluate ``agents``; doing it again changes nothing."""
        ...

    def finish(self, run: AssessmentRun, assessed: Mapping[str, int]) -> None:
        """Store what concerns the run as a whole; ``assessed`` sums up the batches."""
        ...


class RunTelemetry(Protocol):
    """What the driver tells those who keep the run's telemetry."""

    def run_began(self, run: RunArn) -> None:
        """Make the run's data key unless it has one."""
        ...

    def run_ended(self, run: RunArn) -> None:
        """Forget the key in the clear."""
        ...

    def run_canceled(self, run: RunArn) -> None:
        """Shred what has arrived: nobody will evaluate it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDriver:
    """The body of the workflow `RUN_WORKFLOW`; call it with the context and a run's ARN."""

    assessments: AssessmentStore
    agents: AgentStore
    telemetry: TelemetryStore
    findings: FindingStore
    received: RunTelemetry
    evaluator: Evaluator
    clock: Clock
    stop_grace: timedelta
    evaluation_batch: int

    def __call__(self, context: WorkflowContext, argument: str) -> None:
        """Drive the run to a terminal state, whatever happens on the way."""
        arn = RunArn(argument)
        try:
            self._drive(context, arn)
        except MissingError:
            _log.warning("run_driver run deleted", run=arn)
        except Exception:  # noqa: BLE001 - whatever went wrong, the run must not stay in progress for ever
            _log.exception("run_driver failed", run=arn)
            context.step("error", lambda: self._end(arn, _State.ERROR))

    def _drive(self, context: WorkflowContext, arn: RunArn) -> None:
        errors = int(context.step("begin", lambda: self._begin(arn)))
        self._wait(context, arn, _State.COLLECTING_DATA)
        context.step("stop", lambda: self._stop(arn))
        self._wait(context, arn, _State.STOP_DATA_COLLECTION_PENDING)
        if context.step("collected", lambda: self._collected(arn)) == _State.CANCELED:
            return
        results = [
            msgspec.json.decode(
                context.step(f"evaluate {number}", partial(self._evaluate, arn, batch)), type=BatchResult
            )
            for number, batch in enumerate(self._batches(arn), start=1)
        ]
        context.step("finish", lambda: self._finish(arn, results, errors))

    def _begin(self, arn: RunArn) -> str:
        run = self._run(arn)
        errors = self.evaluator.begin(run)
        self._reach(arn, _State.START_DATA_COLLECTION_PENDING)
        self.received.run_began(arn)
        self._reach(arn, _State.START_DATA_COLLECTION_IN_PROGRESS)
        self._reach(arn, _State.COLLECTING_DATA)
        _log.info("run_driver collecting", run=arn, agents=len(self.assessments.run_agents(arn)))
        return str(errors)

    def _wait(self, context: WorkflowContext, arn: RunArn, state: AssessmentRunState) -> None:
        while (seconds := float(context.step(f"left in {state}", lambda: str(self._seconds_left(arn, state))))) > 0:
            context.wait(WAKE, min(seconds, _LONGEST_WAIT_SECONDS))

    def _seconds_left(self, arn: RunArn, state: AssessmentRunState) -> float:
        """Return how long a run may still stay in ``state``; 0 when there is nothing to wait for."""
        run = self._run(arn)
        if run.state is not state or run.stop_action is StopAction.SKIP_EVALUATION:
            return 0
        if state is _State.COLLECTING_DATA:
            if run.stop_action is not None:
                return 0
            allowed, open_agents = timedelta(seconds=run.duration_seconds), self._open_agents(run)
        else:
            allowed, open_agents = self.stop_grace, self._healthy(self._open_agents(run))
        if not open_agents:
            return 0
        return max(0.0, (run.state_changed_at + allowed - self.clock.now()).total_seconds())

    def _stop(self, arn: RunArn) -> str:
        run = self._run(arn)
        if run.stop_action is StopAction.SKIP_EVALUATION:
            return str(run.state)
        return self._reach(arn, _State.STOP_DATA_COLLECTION_PENDING)

    def _open_agents(self, run: AssessmentRun) -> tuple[AgentId, ...]:
        closed = {stream.agent_id for stream in self.telemetry.streams(run.arn) if stream.closed_at is not None}
        return tuple(agent for agent in self.assessments.run_agents(run.arn) if agent not in closed)

    def _healthy(self, ids: Sequence[AgentId]) -> tuple[AgentId, ...]:
        now = self.clock.now()
        return tuple(a.id for a in self.agents.agents_by_id(ids) if a.health(now) is AgentHealth.HEALTHY)

    def _collected(self, arn: RunArn) -> str:
        run = self._run(arn)
        if run.stop_action is StopAction.SKIP_EVALUATION and run.state in BEFORE_EVALUATION:
            canceled = self._reach(arn, _State.CANCELED)
            self.received.run_canceled(arn)
            return canceled
        self._reach(arn, _State.DATA_COLLECTED)
        self._reach(arn, _State.START_EVALUATING_RULES_PENDING)
        return self._reach(arn, _State.EVALUATING_RULES)

    def _batches(self, arn: RunArn) -> Iterator[tuple[AgentId, ...]]:
        agents = self.assessments.run_agents(arn)
        for start in range(0, len(agents), self.evaluation_batch):
            yield agents[start : start + self.evaluation_batch]

    def _evaluate(self, arn: RunArn, batch: tuple[AgentId, ...]) -> str:
        hosts = len(self.assessments.run_agents(arn))
        return msgspec.json.encode(self.evaluator.evaluate(self._run(arn), batch, run_hosts=hosts)).decode()

    def _finish(self, arn: RunArn, results: Sequence[BatchResult], errors: int) -> str:
        assessed = Counter[str]()
        for result in results:
            assessed.update(result.assessed)
        self.evaluator.finish(self._run(arn), assessed)
        self.assessments.set_finding_counts(arn, self.findings.counts(arn))
        return self._end(arn, _final_state(results, errors))

    def _end(self, arn: RunArn, final: AssessmentRunState) -> str:
        self.received.run_ended(arn)
        run = self.assessments.runs_by_arn([arn]).get(arn)
        if run is not None and run.in_progress:
            self.assessments.advance_run(arn, final, self.clock.now())
        _log.info("run_driver done", run=arn, state=str(final))
        return str(final)

    def _reach(self, arn: RunArn, state: AssessmentRunState) -> str:
        """Enter ``state`` unless the run has been there; returns the state the run is in then."""
        run = self._run(arn)
        if any(change.state is state for change in run.state_changes) or not run.in_progress:
            return str(run.state)
        return str(self.assessments.advance_run(arn, state, self.clock.now()).state)

    def _run(self, arn: RunArn) -> AssessmentRun:
        run = self.assessments.runs_by_arn([arn]).get(arn)
        if run is None:
            raise MissingError(f"the run {arn} was deleted")
        return run


def _final_state(results: Sequence[BatchResult], errors_before: int) -> AssessmentRunState:
    """Judge how the run ends (decisions: FAILED, COMPLETED_WITH_ERRORS; F4.38 for runs without agents)."""
    if results and not any(result.assessed for result in results):
        return _State.FAILED
    errors = errors_before + sum(result.errors for result in results)
    return _State.COMPLETED_WITH_ERRORS if errors else _State.COMPLETED
