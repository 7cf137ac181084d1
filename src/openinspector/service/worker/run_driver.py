"""Drives one run from CREATED to its final state as a durable workflow.

- begin: store the exclusions known before collection, create the run's data key, let agents start
- collect: one step for each kind of data that the run's rules need
- wait: until all of it has arrived, the duration is over or the user stops the run
- flush: give healthy agents up to the grace period to close their streams
- evaluate: evaluate hosts and instances in batches
- finish: count findings and enter the final state

Every step is idempotent: the process may die after a step took effect and before the workflow engine recorded it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import msgspec
import structlog

from openinspector.engine.subject import Need
from openinspector.model.agent import AgentId
from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun, StopAction
from openinspector.model.run_state import BEFORE_EVALUATION, AssessmentRunState
from openinspector.service.app.run_needs import RunNeeds
from openinspector.service.app.run_workflow import WAKE
from openinspector.service.ports.assessment_store import AssessmentStore, MissingError
from openinspector.service.ports.clock import Clock
from openinspector.service.ports.finding_store import FindingStore
from openinspector.service.ports.workflows import WorkflowContext
from openinspector.service.worker.collecting import Collecting

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
    """Some hosts and instances of a run, evaluated in one step."""

    agents: tuple[AgentId, ...]
    """Ids of agents, and of instances that have none."""
    run_hosts: int
    """Number of hosts and instances in the whole run."""
    interrupted: frozenset[AgentId] = frozenset()
    """Subjects of the run whose data was incomplete when its user stopped it."""
    without: Mapping[Need, frozenset[AgentId]] = field(default_factory=dict)
    """For each kind of data that the run needs, the ids of the batch without it."""


class Evaluator(Protocol):
    """Evaluates the hosts of a run and stores findings and exclusions. Every method may be repeated."""

    def begin(self, run: AssessmentRun) -> int:
        """Store the exclusions known before collection and return how many of them are errors."""
        ...

    def exclude_gaps(self, run: AssessmentRun, subjects: Sequence[AgentId]) -> int:
        """Store the exclusions about the run as a whole that collecting found; return the number of errors."""
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
    findings: FindingStore
    received: RunTelemetry
    needs: RunNeeds
    collecting: Mapping[Need, Collecting]
    evaluator: Evaluator
    clock: Clock
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
        for need in self._needs(self._run(arn)):
            context.step(f"collect {need}", partial(self._collect, arn, need))
        self._wait(context, arn, _State.COLLECTING_DATA)
        context.step("stop", lambda: self._stop(arn))
        self._wait(context, arn, _State.STOP_DATA_COLLECTION_PENDING)
        if context.step("collected", lambda: self._collected(arn)) == _State.CANCELED:
            return
        errors += int(context.step("gaps", lambda: self._exclude_gaps(arn)))
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

    def _needs(self, run: AssessmentRun) -> tuple[Need, ...]:
        return tuple(sorted(self.needs.of(run.rules_package_arns)))

    def _collect(self, arn: RunArn, need: Need) -> str:
        run = self._run(arn)
        if run.stop_action is not StopAction.SKIP_EVALUATION:
            self.collecting[need].collect(run)
        return need

    def _collected_by(self, run: AssessmentRun) -> tuple[Collecting, ...]:
        return tuple(self.collecting[need] for need in self._needs(run))

    def _wait(self, context: WorkflowContext, arn: RunArn, state: AssessmentRunState) -> None:
        while (seconds := float(context.step(f"left in {state}", lambda: str(self._seconds_left(arn, state))))) > 0:
            context.wait(WAKE, min(seconds, _LONGEST_WAIT_SECONDS))

    def _seconds_left(self, arn: RunArn, state: AssessmentRunState) -> float:
        """Return how long a run may still stay in ``state``; 0 if there is nothing to wait for."""
        run = self._run(arn)
        if run.state is not state or run.stop_action is StopAction.SKIP_EVALUATION:
            return 0
        return max((one.seconds_left(run) for one in self._collected_by(run)), default=0)

    def _stop(self, arn: RunArn) -> str:
        run = self._run(arn)
        if run.stop_action is StopAction.SKIP_EVALUATION:
            return str(run.state)
        return self._reach(arn, _State.STOP_DATA_COLLECTION_PENDING)

    def _collected(self, arn: RunArn) -> str:
        run = self._run(arn)
        if self._is_canceled(run):
            canceled = self._reach(arn, _State.CANCELED)
            self.received.run_canceled(arn)
            return canceled
        self._reach(arn, _State.DATA_COLLECTED)
        self._reach(arn, _State.START_EVALUATING_RULES_PENDING)
        return self._reach(arn, _State.EVALUATING_RULES)

    def _exclude_gaps(self, arn: RunArn) -> str:
        run = self._run(arn)
        return str(self.evaluator.exclude_gaps(run, self._subjects(run)))

    def _is_canceled(self, run: AssessmentRun) -> bool:
        """Return True if the run ends without an evaluation: the user skips it, or stopped before anything arrived.

        The second stores an exclusion for each host, so that the run shows why it has no findings (ADR 52).
        """
        if run.state not in BEFORE_EVALUATION:
            return False
        if run.stop_action is StopAction.SKIP_EVALUATION:
            return True
        collected = self._collected_by(run)
        if not (run.stopped_early and collected and all(one.is_empty(run) for one in collected)):
            return False
        self.evaluator.exclude_stopped(run, self._subjects(run))
        return True

    def _subjects(self, run: AssessmentRun) -> tuple[AgentId, ...]:
        """Return the ids of all that the run's data is about, each once."""
        return tuple(dict.fromkeys(found for one in self._collected_by(run) for found in one.subjects(run)))

    def _batches(self, arn: RunArn) -> Iterator[HostBatch]:
        run = self._run(arn)
        about = {need: frozenset(self.collecting[need].subjects(run)) for need in self._needs(run)}
        subjects = self._subjects(run)
        interrupted = self._interrupted(run)
        for start in range(0, len(subjects), self.evaluation_batch):
            agents = subjects[start : start + self.evaluation_batch]
            yield HostBatch(
                agents=agents,
                run_hosts=len(subjects),
                interrupted=interrupted,
                without={need: frozenset(agents) - ids for need, ids in about.items()},
            )

    def _evaluate(self, arn: RunArn, batch: HostBatch) -> str:
        return msgspec.json.encode(self.evaluator.evaluate(self._run(arn), batch)).decode()

    def _interrupted(self, run: AssessmentRun) -> frozenset[AgentId]:
        return frozenset[AgentId]().union(*(one.interrupted(run) for one in self._collected_by(run)))

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
