"""Drives one run from CREATED to its final state as a durable workflow.

- begin: store the exclusions known before collection, create the run's data key, let agents start
- collect: wait until every stream is closed, the duration is over or the user stops the run
- flush: give healthy agents up to the grace period to close their streams
- evaluate: evaluate hosts in batches
- finish: count findings and enter the final state

Every step is idempotent: the process may die after a step took effect and before the workflow engine recorded it.
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
from openinspector.service.worker.open_agents import open_agents

_State = AssessmentRunState
_log = structlog.get_logger()

STREAM: Final = "collection"
_LONGEST_WAIT_SECONDS: Final = 3600.0


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one evaluation step. The workflow stores it, so it is small."""

    hosts: int
    assessed: dict[str, int]
    """Rules package ARN → number of hosts on which at least one of its rules could be completed."""
    errors: int
    """Number of exclusions that make a run end COMPLETED_WITH_ERRORS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostBatch:
    """Some hosts of a run, evaluated in one step."""

    agents: tuple[AgentId, ...]
    run_hosts: int
    """Number of hosts in the whole run."""
    interrupted: frozenset[AgentId] = frozenset()
    """Hosts of the run that had not closed their streams when its user stopped it."""


class Evaluator(Protocol):
    """Evaluates the hosts of a run and stores findings and exclusions. Every method may be repeated."""

    def begin(self, run: AssessmentRun) -> int:
        """Store the exclusions known before collection and return how many of them are errors."""
        ...

    def evaluate(self, run: AssessmentRun, batch: HostBatch) -> BatchResult:
        """Evaluate the hosts of ``batch``."""
        ...

    def exclude_stopped(self, run: AssessmentRun, agents: Sequence[AgentId]) -> None:
        """Store an exclusion for each of ``agents``: the user stopped the run before it sent telemetry."""
        ...

    def finish(self, run: AssessmentRun, assessed: Mapping[str, int]) -> None:
        """Store the findings about the run as a whole; ``assessed`` is the sum of all batches."""
        ...


class RunTelemetry(Protocol):
    """Keeps the run's telemetry and its data key."""

    def run_began(self, run: RunArn) -> None:
        """Create the run's data key unless it exists."""
        ...

    def run_ended(self, run: RunArn) -> None:
        """Forget the plaintext key."""
        ...

    def run_canceled(self, run: RunArn) -> None:
        """Shred the telemetry received: it will not be evaluated."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDriver:
    """Body of the workflow `RUN_WORKFLOW`. Call it with the context and a run's ARN."""

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
        """Drive the run to a terminal state; an unexpected error ends it with ERROR."""
        arn = RunArn(argument)
        try:
            self._drive(context, arn)
        except MissingError:
            _log.warning("run_driver run deleted", run=arn)
        except Exception:  # noqa: BLE001 - a run must not stay in progress for ever
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
                context.step(f"evaluate {number}", partial(self._evaluate, arn, agents)), type=BatchResult
            )
            for number, agents in enumerate(self._batches(arn), start=1)
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
        """Return how long a run may still stay in ``state``; 0 if there is nothing to wait for."""
        run = self._run(arn)
        if run.state is not state or run.stop_action is StopAction.SKIP_EVALUATION:
            return 0
        if state is _State.COLLECTING_DATA:
            if run.stop_action is not None:
                return 0
            allowed, waiting = timedelta(seconds=run.duration_seconds), self._open_agents(run)
        else:
            allowed, waiting = self.stop_grace, self._healthy(self._open_agents(run))
        if not waiting:
            return 0
        return max(0.0, (run.state_changed_at + allowed - self.clock.now()).total_seconds())

    def _stop(self, arn: RunArn) -> str:
        run = self._run(arn)
        if run.stop_action is StopAction.SKIP_EVALUATION:
            return str(run.state)
        return self._reach(arn, _State.STOP_DATA_COLLECTION_PENDING)

    def _open_agents(self, run: AssessmentRun) -> tuple[AgentId, ...]:
        return open_agents(self.assessments, self.telemetry, run.arn)

    def _healthy(self, ids: Sequence[AgentId]) -> tuple[AgentId, ...]:
        now = self.clock.now()
        return tuple(a.id for a in self.agents.agents_by_id(ids) if a.health(now) is AgentHealth.HEALTHY)

    def _collected(self, arn: RunArn) -> str:
        run = self._run(arn)
        if self._is_canceled(run):
            canceled = self._reach(arn, _State.CANCELED)
            self.received.run_canceled(arn)
            return canceled
        self._reach(arn, _State.DATA_COLLECTED)
        self._reach(arn, _State.START_EVALUATING_RULES_PENDING)
        return self._reach(arn, _State.EVALUATING_RULES)

    def _is_canceled(self, run: AssessmentRun) -> bool:
        """Return True if the run ends without an evaluation: the user skips it, or stopped before any telemetry.

        The second stores an exclusion for each host, so that the run shows why it has no findings (ADR 52).
        """
        if run.state not in BEFORE_EVALUATION:
            return False
        if run.stop_action is StopAction.SKIP_EVALUATION:
            return True
        agents = self.assessments.run_agents(run.arn)
        if not (run.stopped_early and agents) or self.telemetry.streams(run.arn):
            return False
        self.evaluator.exclude_stopped(run, agents)
        return True

    def _batches(self, arn: RunArn) -> Iterator[tuple[AgentId, ...]]:
        agents = self.assessments.run_agents(arn)
        for start in range(0, len(agents), self.evaluation_batch):
            yield agents[start : start + self.evaluation_batch]

    def _evaluate(self, arn: RunArn, agents: tuple[AgentId, ...]) -> str:
        run = self._run(arn)
        batch = HostBatch(
            agents=agents, run_hosts=len(self.assessments.run_agents(arn)), interrupted=self._interrupted(run)
        )
        return msgspec.json.encode(self.evaluator.evaluate(run, batch)).decode()

    def _interrupted(self, run: AssessmentRun) -> frozenset[AgentId]:
        return frozenset(self._open_agents(run)) if run.stopped_early else frozenset()

    def _finish(self, arn: RunArn, results: Sequence[BatchResult], errors: int) -> str:
        """Enter the final state (decisions: FAILED, COMPLETED_WITH_ERRORS; F4.38 for runs without agents)."""
        assessed = Counter[str]()
        for result in results:
            assessed.update(result.assessed)
        run = self._run(arn)
        self.evaluator.finish(run, assessed)
        self.assessments.set_finding_counts(arn, self.findings.counts(arn))
        if results and not assessed and not self._interrupted(run):
            return self._end(arn, _State.FAILED)
        errors += sum(result.errors for result in results)
        return self._end(arn, _State.COMPLETED_WITH_ERRORS if errors else _State.COMPLETED)

    def _end(self, arn: RunArn, final: AssessmentRunState) -> str:
        self.received.run_ended(arn)
        run = self.assessments.runs_by_arn([arn]).get(arn)
        if run is not None and run.in_progress:
            self.assessments.advance_run(arn, final, self.clock.now())
        _log.info("run_driver done", run=arn, state=str(final))
        return str(final)

    def _reach(self, arn: RunArn, state: AssessmentRunState) -> str:
        """Enter ``state`` unless the run has already been in it; return the run's state."""
        run = self._run(arn)
        if any(change.state is state for change in run.state_changes) or not run.in_progress:
            return str(run.state)
        return str(self.assessments.advance_run(arn, state, self.clock.now()).state)

    def _run(self, arn: RunArn) -> AssessmentRun:
        run = self.assessments.runs_by_arn([arn]).get(arn)
        if run is None:
            raise MissingError(f"the run {arn} was deleted")
        return run
