"""A run from CREATED to its final state, on real SQLite stores and with a simulated evaluator."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from openinspector.engine.subject import Need
from openinspector.model.agent import AgentHealthCode, AgentId, HostDescription
from openinspector.model.arn import RunArn
from openinspector.model.assessment import AssessmentRun, StopAction
from openinspector.model.run_state import AssessmentRunState as State
from openinspector.service.app.run_needs import RunNeeds
from openinspector.service.app.telemetry import DEFAULT_LIMITS
from openinspector.service.ports.agent_store import Contact, EnrolmentToken
from openinspector.service.ports.telemetry_store import Recorded, RunKey, StoredEnvelope, Stream
from openinspector.service.stores.agent_sql import SqlAgentStore
from openinspector.service.stores.assessment_sql import SqlAssessmentStore
from openinspector.service.stores.engine import open_engine
from openinspector.service.stores.findings.store import SqlFindingStore
from openinspector.service.stores.migrations import migrate
from openinspector.service.stores.telemetry_sql import SqlTelemetryStore
from openinspector.service.worker.collecting import TelemetryCollecting
from openinspector.service.worker.run_driver import BatchResult, HostBatch, RunDriver
from openinspector.testing import model_builders as builders
from openinspector.testing.fake_clock import FakeClock

AGENTS = tuple(AgentId(f"host-{n:017x}") for n in range(3))
INSTANCE = AgentId("i-0123456789abcdef0")
STREAM = "collection"


@dataclass
class SimulatedEvaluator:
    """Assesses every host unless ``assessed`` is False."""

    assessed: bool = True
    errors: int = 0
    fails: bool = False
    batches: list[HostBatch] = field(default_factory=list)
    stopped: list[AgentId] = field(default_factory=list)

    def begin(self, run: AssessmentRun) -> int:
        del run
        return 0

    def evaluate(self, run: AssessmentRun, batch: HostBatch) -> BatchResult:
        del run
        if self.fails:
            raise ValueError("the engine is broken")
        self.batches.append(batch)
        hosts = len(batch.agents)
        return BatchResult(hosts=hosts, assessed={"package": hosts} if self.assessed else {}, errors=self.errors)

    def exclude_gaps(self, run: AssessmentRun, subjects: Sequence[AgentId]) -> int:
        del run, subjects
        return 0

    def exclude_stopped(self, run: AssessmentRun, agents: Sequence[AgentId]) -> None:
        del run
        self.stopped += agents

    def finish(self, run: AssessmentRun, assessed: Mapping[str, int]) -> None:
        del run, assessed


@dataclass
class SimulatedAccount:
    """A snapshot of an account with two instances; the first has an agent."""

    collected: int = 0

    def collect(self, run: AssessmentRun) -> None:
        del run
        self.collected += 1

    def seconds_left(self, run: AssessmentRun) -> float:
        del run
        return 0

    def subjects(self, run: AssessmentRun) -> Sequence[AgentId]:
        del run
        return (AGENTS[0], INSTANCE)

    def interrupted(self, run: AssessmentRun) -> frozenset[AgentId]:
        del run
        return frozenset()

    def is_empty(self, run: AssessmentRun) -> bool:
        del run
        return not self.collected


@dataclass
class SimulatedTelemetry:
    """Records which runs have a key in memory, and which were canceled."""

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
class SimulatedContext:
    """A workflow's context. A step runs at once; a wait calls the test's next action, or else advances the clock."""

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

    def __init__(self, folder: Path, *needs: Need) -> None:
        needs = needs or (Need.TELEMETRY,)
        engine = open_engine(f"sqlite:///{folder / 'openinspector.db'}")
        migrate(engine)
        self.clock = FakeClock(builders.moment(1))
        self.assessments = SqlAssessmentStore(engine)
        self.agents = SqlAgentStore(engine)
        self.telemetry = SqlTelemetryStore(engine)
        self.received = SimulatedTelemetry()
        self.evaluator = SimulatedEvaluator()
        self.context = SimulatedContext(self.clock)
        self.account = SimulatedAccount()
        agents = TelemetryCollecting(
            assessments=self.assessments,
            agents=self.agents,
            telemetry=self.telemetry,
            clock=self.clock,
            stop_grace=timedelta(seconds=60),
        )
        self.driver = RunDriver(
            assessments=self.assessments,
            findings=SqlFindingStore(engine),
            received=self.received,
            needs=RunNeeds(by_package=dict.fromkeys(builders.run().rules_package_arns, frozenset(needs))),
            collecting={Need.TELEMETRY: agents, Need.SNAPSHOT: self.account},
            evaluator=self.evaluator,
            clock=self.clock,
            evaluation_batch=2,
        )
        self._enrol()
        target = builders.target()
        template = builders.template()
        run = builders.run()
        self.assessments.add_target(target)
        self.assessments.add_template(template)
        self.assessments.add_run(run, AGENTS if Need.TELEMETRY in needs else ())
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

    def answer(self, agent: AgentId) -> None:
        """Store a first envelope of ``agent``; its stream stays open."""
        envelope = StoredEnvelope(
            run_arn=self.arn,
            agent_id=agent,
            stream=STREAM,
            seq=1,
            digest="00" * 32,
            object_name="telemetry/1",
            size=0,
            volumes={},
            received_at=self.clock.now(),
        )
        assert self.telemetry.record(envelope, DEFAULT_LIMITS) is Recorded.NEW

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
    assert [batch.agents for batch in world.evaluator.batches] == [AGENTS[:2], AGENTS[2:]]
    assert {batch.run_hosts for batch in world.evaluator.batches} == {len(AGENTS)}
    assert not any(batch.interrupted for batch in world.evaluator.batches)
    assert run.completed_at == world.clock.now() == run.created_at
    assert not world.received.held


def test_a_run_with_open_streams_ends_at_its_duration(world: World) -> None:
    run = world.drive()
    assert states(run) == WHOLE
    assert run.started_at is not None
    stopped = next(c.at for c in run.state_changes if c.state is State.STOP_DATA_COLLECTION_PENDING)
    assert stopped - run.started_at == timedelta(seconds=run.duration_seconds)


def test_healthy_agents_get_the_grace_period_to_flush(world: World) -> None:
    world.answer(AGENTS[0])
    world.context.waits = [world.stop(StopAction.START_EVALUATION)]
    run = world.drive()
    at = {change.state: change.at for change in run.state_changes}
    assert at[State.DATA_COLLECTED] - at[State.STOP_DATA_COLLECTION_PENDING] == timedelta(seconds=60)
    assert run.state is State.COMPLETED


def test_unhealthy_agents_are_not_waited_for(world: World) -> None:
    def silence_and_stop() -> None:
        world.answer(AGENTS[0])
        world.clock.advance(100)
        world.stop(StopAction.START_EVALUATION)()

    world.context.waits = [silence_and_stop]
    run = world.drive()
    at = {change.state: change.at for change in run.state_changes}
    assert at[State.DATA_COLLECTED] == at[State.STOP_DATA_COLLECTION_PENDING]


def test_a_stop_before_the_first_agent_answers_cancels_and_excludes_every_host(world: World) -> None:
    world.context.waits = [world.stop(StopAction.START_EVALUATION)]
    run = world.drive()
    assert states(run) == [*WHOLE[:5], State.CANCELED]
    assert world.evaluator.stopped == list(AGENTS)
    assert not world.evaluator.batches
    assert not world.received.held


def test_hosts_that_had_not_finished_are_interrupted_by_a_stop(world: World) -> None:
    world.answer(AGENTS[1])
    world.context.waits = [world.close(AGENTS[0]), world.stop(StopAction.START_EVALUATION)]
    assert world.drive().state is State.COMPLETED
    assert {batch.interrupted for batch in world.evaluator.batches} == {frozenset(AGENTS[1:])}
    assert not world.evaluator.stopped


def test_a_stopped_run_without_results_is_not_failed(world: World) -> None:
    world.answer(AGENTS[1])
    world.context.waits = [world.stop(StopAction.START_EVALUATION)]
    world.evaluator.assessed = False
    assert world.drive().state is State.COMPLETED


def test_run_without_telemetry_is_evaluated_at_its_duration(world: World) -> None:
    """Nobody stopped it: the evaluator explains why nothing arrived."""
    world.evaluator.assessed = False
    assert world.drive().state is State.FAILED
    assert len(world.evaluator.batches) == 2


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


def test_errors_show_in_the_final_state(world: World) -> None:
    world.context.waits = [world.close(*AGENTS)]
    world.evaluator.errors = 1
    assert world.drive().state is State.COMPLETED_WITH_ERRORS


def test_a_run_in_which_nothing_could_be_assessed_fails(world: World) -> None:
    world.context.waits = [world.close(*AGENTS)]
    world.evaluator.assessed = False
    assert world.drive().state is State.FAILED


def test_a_broken_engine_ends_the_run_with_error(world: World) -> None:
    world.context.waits = [world.close(*AGENTS)]
    world.evaluator.fails = True
    run = world.drive()
    assert run.state is State.ERROR
    assert not world.received.held


def test_a_deleted_run_is_ignored(world: World) -> None:
    world.driver(world.context, f"{world.arn[:-8]}deleted0")
    assert world.run().state is State.CREATED


@pytest.mark.parametrize("done", range(1, len(WHOLE)))
def test_a_driver_resumes_from_every_state(world: World, done: int) -> None:
    """Every step may be repeated: a new driver takes the run from any state to the final one."""
    for state in WHOLE[1:done]:
        world.assessments.advance_run(world.arn, state, world.clock.now())
    world.close(*AGENTS)()
    assert states(world.drive()) == WHOLE


def test_a_run_that_needs_no_telemetry_waits_for_no_agent(tmp_path: Path) -> None:
    world = World(tmp_path, Need.SNAPSHOT)
    run = world.drive()
    assert states(run) == WHOLE
    assert run.completed_at == run.created_at == world.clock.now()
    assert world.account.collected == 1
    assert "collect telemetry" not in world.context.steps
    assert [batch.agents for batch in world.evaluator.batches] == [(AGENTS[0], INSTANCE)]


def test_a_stop_does_not_cancel_a_run_that_has_a_snapshot(tmp_path: Path) -> None:
    """Nothing of any agent arrived, but the account can be judged."""
    for needs in ((Need.SNAPSHOT,), (Need.SNAPSHOT, Need.TELEMETRY)):
        folder = tmp_path / "-".join(needs)
        folder.mkdir()
        world = World(folder, *needs)
        world.stop(StopAction.START_EVALUATION)()
        assert world.drive().state is State.COMPLETED
        assert not world.evaluator.stopped


def test_a_skipped_run_takes_no_snapshot(tmp_path: Path) -> None:
    world = World(tmp_path, Need.SNAPSHOT)
    world.stop(StopAction.SKIP_EVALUATION)()
    assert world.drive().state is State.CANCELED
    assert not world.account.collected


def test_hosts_and_instances_are_evaluated_once_each(tmp_path: Path) -> None:
    world = World(tmp_path, Need.SNAPSHOT, Need.TELEMETRY)
    world.context.waits = [world.close(*AGENTS)]
    assert world.drive().state is State.COMPLETED
    evaluated = [agent for batch in world.evaluator.batches for agent in batch.agents]
    assert sorted(evaluated) == sorted((*AGENTS, INSTANCE))
