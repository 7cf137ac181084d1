"""A run from CREATED to its end, on real SQLite stores, with the engine's part played by the test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from openinspector.model.agent import AgentHealthCode, AgentId, HostDescription
from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun, StopAction
from openinspector.model.run_state import AssessmentRunState as State
from openinspector.service.ports.agent_store import Contact, EnrolmentToken
from openinspector.service.ports.telemetry_store import RunKey, Stream
from openinspector.service.stores.agent_sql import SqlAgentStore
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.finding_sql import SqlFindingStore
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.telemetry_sql import SqlTelemetryStore
from openinspector.service.worker.run_driver import BatchResult, RunDriver
from openinspector.testing import model_builders as builders
from openinspector.testing.fake_clock import FakeClock

AGENTS = tuple(AgentId(f"host-{n:017x}") for n in range(3))
STREAM = "collection"


@dataclass
class PlayedEvaluator:
    """Assesses every host unless told otherwise."""

    assessed: bool = True
    errors: int = 0
    fails: bool = False
    batches: list[tuple[AgentId, ...]] = field(default_factory=list)

    def begin(self, run: AssessmentRun) -> int:
        del run
        return 0

    def evaluate(self, run: AssessmentRun, agents: Sequence[AgentId], *, run_hosts: int) -> BatchResult:
        del run
        assert run_hosts == len(AGENTS)
        if self.fails:
            raise ValueError("the engine is broken")
        self.batches.append(tuple(agents))
        return BatchResult(
            hosts=len(agents), assessed={"package": len(agents)} if self.assessed else {}, errors=self.errors
        )

    def finish(self, run: AssessmentRun, assessed: Mapping[str, int]) -> None:
        del run, assessed


@dataclass
class PlayedTelemetry:
    """Notes which runs have a key in memory, and which were canceled."""

    held: set[RunArn] = field(default_factory=set)
    canceled: set[RunArn] = field(default_factory=set)

    def run_began(self, run: RunArn) -> None:
        self.held.add(run)

    def run_ended(self, run: RunArn) -> None:
        self.held.discard(run)

    def run_canceled(self, run: RunArn) -> None:
        self.held.discard(run)
        self.canceled.add(run)


@dataclass
class PlayedContext:
    """A workflow's context: steps are done at once; a wait lets the test do something, or time pass."""

    clock: FakeClock
    waits: list[Callable[[], None]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    remembered: dict[str, str] = field(default_factory=dict)

    def step(self, name: str, action: Callable[[], str]) -> str:
        self.steps.append(name)
        return action()

    def wait(self, topic: str, seconds: float) -> str | None:
        assert topic == "wake"
        if self.waits:
            self.waits.pop(0)()
            return "something happened"
        self.clock.advance(seconds)
        return None


class World:
    """Real stores, a run in CREATED with three agents, and a driver for it."""

    def __init__(self, folder: Path) -> None:
        engine = open_engine(f"sqlite:///{folder / 'openinspector.db'}")
        migrate(engine)
        self.clock = FakeClock(builders.moment(1))
        self.assessments = SqlAssessmentStore(engine)
        self.agents = SqlAgentStore(engine)
        self.telemetry = SqlTelemetryStore(engine)
        self.received = PlayedTelemetry()
        self.evaluator = PlayedEvaluator()
        self.context = PlayedContext(self.clock)
        self.driver = RunDriver(
            assessments=self.assessments,
            agents=self.agents,
            telemetry=self.telemetry,
            findings=SqlFindingStore(engine),
            received=self.received,
            evaluator=self.evaluator,
            clock=self.clock,
            stop_grace=timedelta(seconds=60),
            evaluation_batch=2,
        )
        self._enrol()
        target = builders.target()
        template = builders.template()
        run = builders.run()
        self.assessments.add_target(target)
        self.assessments.add_template(template)
        self.assessments.add_run(run, AGENTS)
        self.arn = run.arn
        self.telemetry.add_run_key(RunKey(run_arn=run.arn, wrapped=b"wrapped", created_at=self.clock.now()))

    def _enrol(self) -> None:
        now = self.clock.now()
        token = EnrolmentToken(
            digest="00" * 32, tags=(), uses_left=9, created_at=now, expires_at=now + timedelta(days=1)
        )
        self.agents.add_token(token)
        for number, agent_id in enumerate(AGENTS):
            self.agents.enrol(
                token.digest, builders.agent(id=agent_id, public_key=bytes([number]) * 32, enrolled_at=now)
            )
        self.beat()

    def beat(self, *agents: AgentId) -> None:
        self.agents.record_contacts(
            [
                Contact(
                    agent_id=agent,
                    at=self.clock.now(),
                    host=HostDescription(hostname="h"),
                    health_code=AgentHealthCode.RUNNING,
                    health_details="",
                    heartbeat_interval=timedelta(seconds=15),
                )
                for agent in agents or AGENTS
            ]
        )

    def close(self, *agents: AgentId) -> Callable[[], None]:
        def close_now() -> None:
            for agent in agents:
                stream = Stream(agent_id=agent, name=STREAM, watermark=0, closed_at=self.clock.now(), dropped=0)
                self.telemetry.close_stream(self.arn, stream)

        return close_now

    def stop(self, action: StopAction) -> Callable[[], None]:
        return lambda: _nothing(self.assessments.request_stop(self.arn, action))

    def drive(self) -> AssessmentRun:
        self.driver(self.context, self.arn)
        return self.run()

    def run(self) -> AssessmentRun:
        return self.assessments.runs_by_arn([self.arn])[self.arn]


def _nothing(_value: object) -> None:
    pass


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def states(run: AssessmentRun) -> list[State]:
    return [change.state for change in run.state_changes]


WHOLE = [
    State.CREATED,
    State.START_DATA_COLLECTION_PENDING,
    State.START_DATA_COLLECTION_IN_PROGRESS,
    State.COLLECTING_DATA,
    State.STOP_DATA_COLLECTION_PENDING,
    State.DATA_COLLECTED,
    State.START_EVALUATING_RULES_PENDING,
    State.EVALUATING_RULES,
    State.COMPLETED,
]


def test_a_run_ends_when_every_stream_is_closed(world: World) -> None:
    world.context.waits = [world.close(AGENTS[0]), world.close(*AGENTS[1:])]
    run = world.drive()
    assert states(run) == WHOLE
    assert world.evaluator.batches == [AGENTS[:2], AGENTS[2:]]
    assert run.completed_at == world.clock.now() == run.created_at
    assert not world.received.held


def test_a_run_nobody_closes_ends_at_its_duration(world: World) -> None:
    run = world.drive()
    assert states(run) == WHOLE
    assert run.started_at is not None
    stopped = next(c.at for c in run.state_changes if c.state is State.STOP_DATA_COLLECTION_PENDING)
    assert stopped - run.started_at == timedelta(seconds=run.duration_seconds)


def test_healthy_agents_get_the_grace_period_to_flush(world: World) -> None:
    world.context.waits = [world.stop(StopAction.START_EVALUATION)]
    run = world.drive()
    at = {change.state: change.at for change in run.state_changes}
    assert at[State.DATA_COLLECTED] - at[State.STOP_DATA_COLLECTION_PENDING] == timedelta(seconds=60)
    assert run.state is State.COMPLETED


def test_agents_that_fell_silent_are_not_waited_for(world: World) -> None:
    def silence_and_stop() -> None:
        world.clock.advance(100)
        world.stop(StopAction.START_EVALUATION)()

    world.context.waits = [silence_and_stop]
    run = world.drive()
    at = {change.state: change.at for change in run.state_changes}
    assert at[State.DATA_COLLECTED] == at[State.STOP_DATA_COLLECTION_PENDING]


def test_skipping_evaluation_cancels_at_once(world: World) -> None:
    world.context.waits = [world.stop(StopAction.SKIP_EVALUATION)]
    run = world.drive()
    assert states(run) == [*WHOLE[:4], State.CANCELED]
    assert not world.evaluator.batches
    assert world.received.canceled == {run.arn}
    assert not world.received.held


def test_a_skip_while_agents_flush_cancels_too(world: World) -> None:
    world.context.waits = [world.stop(StopAction.START_EVALUATION), world.stop(StopAction.SKIP_EVALUATION)]
    assert states(world.drive()) == [*WHOLE[:5], State.CANCELED]


def test_errors_are_said_in_the_final_state(world: World) -> None:
    world.context.waits = [world.close(*AGENTS)]
    world.evaluator.errors = 1
    assert world.drive().state is State.COMPLETED_WITH_ERRORS


def test_a_run_in_which_nothing_could_be_assessed_failed(world: World) -> None:
    world.context.waits = [world.close(*AGENTS)]
    world.evaluator.assessed = False
    assert world.drive().state is State.FAILED


def test_a_broken_engine_ends_the_run_with_error(world: World) -> None:
    world.context.waits = [world.close(*AGENTS)]
    world.evaluator.fails = True
    run = world.drive()
    assert run.state is State.ERROR
    assert not world.received.held


def test_a_run_deleted_meanwhile_is_left_alone(world: World) -> None:
    world.driver(world.context, f"{world.arn[:-8]}deleted0")
    assert world.run().state is State.CREATED


@pytest.mark.parametrize("done", range(1, len(WHOLE)))
def test_a_driver_that_died_anywhere_goes_on(world: World, done: int) -> None:
    """Every step may be repeated: the new driver finds the run in any state and brings it to its end."""
    for state in WHOLE[1:done]:
        world.assessments.advance_run(world.arn, state, world.clock.now())
    world.close(*AGENTS)()
    assert states(world.drive()) == WHOLE
