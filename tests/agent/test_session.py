from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from openinspector.agent.action import (
    Acknowledge,
    Action,
    EndStream,
    Exit,
    FinishStream,
    Lose,
    OpenSession,
    OpenStream,
    Request,
    SendChallenge,
    SendEnvelope,
    SendHeartbeat,
    SendManifest,
    StartCollecting,
    StopCollecting,
)
from openinspector.agent.event import Answered, Collected, Event, Failed, Moment, Stopping, Tick, Trouble
from openinspector.agent.reply import Refused, Throttled, Unauthorised, Unreachable
from openinspector.agent.session import AgentSession
from openinspector.agent.spool import Spool, SpoolLimits
from openinspector.agent.stream import StreamPhase
from openinspector.model.agent import AgentHealthCode
from openinspector.wire.envelope import decode_header
from openinspector.wire.instruction import Reattest, SetHeartbeatInterval, StartCollection, StopCollection
from openinspector.wire.message import (
    Challenge,
    Heartbeat,
    HeartbeatReply,
    ManifestReply,
    Problem,
    Receipt,
    Session,
)

AGENT = "host-" + "0" * 17
RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-A/template/0-B/run/0-C"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
START = StartCollection(run_arn=RUN, sensors=("dpkg",), ends_at=NOW + timedelta(minutes=10), close_when_collected=True)
A = TypeVar("A")


class World:
    """Drives one session over a real spool; time goes on only when told to."""

    def __init__(self, folder: Path, spool_bytes: int = 2**20) -> None:
        self.folder = folder
        self.spool_bytes = spool_bytes
        self.seconds = 0.0
        self.random = 0.5
        self.done: list[Action] = []
        self.restart()

    def restart(self) -> None:
        limits = SpoolLimits(bytes=self.spool_bytes, age=timedelta(days=1))
        self.spool = Spool(self.folder / "spool", AGENT, limits)
        self.session = AgentSession(AGENT, {"dpkg", "rpm"})

    def moment(self) -> Moment:
        return Moment(
            now=NOW + timedelta(seconds=self.seconds),
            monotonic=self.seconds,
            random=self.random,
            spool=self.spool.view(),
        )

    def step(self, event: Event) -> tuple[Action, ...]:
        actions = self.session.step(event, self.moment())
        self.done += actions
        for action in actions:
            self._apply(action)
        return actions

    def tick(self) -> Action | None:
        """Tick until a request, a collection or nothing comes out."""
        for _ in range(20):
            actions = self.step(Tick())
            wanted = [a for a in actions if isinstance(a, Request | StartCollecting | StopCollecting | Exit)]
            if wanted or not actions:
                return wanted[0] if wanted else None
        raise AssertionError("the session never comes to rest")

    def expect(self, kind: type[A]) -> A:
        action = self.tick()
        assert isinstance(action, kind), action
        return action

    def connect(self) -> None:
        self.expect(SendChallenge)
        self.step(Answered(reply=Challenge(nonce="n" * 24, expires_at=NOW)))
        assert self.expect(OpenSession).nonce == "n" * 24
        self.step(Answered(reply=self.new_session()))

    def new_session(self, **changes: object) -> Session:
        ends = NOW + timedelta(seconds=self.seconds, hours=1)
        made = Session(session_id="s" * 32, expires_at=ends, heartbeat_seconds=60)
        return msgspec.structs.replace(made, **changes)

    def beat(self, *instructions: object) -> Heartbeat:
        sent = self.expect(SendHeartbeat)
        raw = tuple(i if isinstance(i, msgspec.Raw) else msgspec.Raw(msgspec.json.encode(i)) for i in instructions)
        self.step(Answered(reply=HeartbeatReply(instructions=raw)))
        return sent.heartbeat

    def collect(self, *payloads: bytes) -> None:
        for payload in payloads:
            self.spool.append(RUN, payload)
        self.step(Collected(run_arn=RUN, whole=True))

    def receipt(self, sent: SendEnvelope, **changes: object) -> Receipt:
        envelope = self.spool.read(sent.run_arn, sent.seq)
        assert envelope is not None
        header = decode_header(envelope)
        made = Receipt(
            run_arn=sent.run_arn, stream="collection", seq=sent.seq, digest=header.digest, watermark=sent.seq
        )
        return msgspec.structs.replace(made, **changes)

    def upload(self) -> int:
        sent = self.expect(SendEnvelope)
        self.step(Answered(reply=self.receipt(sent)))
        return sent.seq

    def phase(self) -> StreamPhase:
        return self.spool.view().streams[RUN].phase

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def _apply(self, action: Action) -> None:
        if isinstance(action, OpenStream):
            self.spool.open(action.order)
        elif isinstance(action, FinishStream):
            self.spool.finish(action.run_arn)
        elif isinstance(action, EndStream):
            self.spool.end(action.run_arn)
        elif isinstance(action, Acknowledge):
            self.spool.acknowledge(action.run_arn, action.watermark)
        elif isinstance(action, Lose):
            self.spool.lose(action.run_arn, action.seqs)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def connected(world: World) -> World:
    world.connect()
    return world


def problem(code: str = "x") -> Problem:
    return Problem(code=code, message="refused")


def test_a_whole_run_from_instruction_to_manifest(connected: World) -> None:
    assert connected.beat(START).health_code is AgentHealthCode.IDLE
    started = connected.expect(StartCollecting)
    assert (started.run_arn, started.sensors) == (RUN, ("dpkg",))
    connected.collect(b'"1"', b'"2"')
    assert [connected.upload(), connected.upload()] == [1, 2]
    assert connected.expect(SendManifest).run_arn == RUN
    connected.step(Answered(reply=ManifestReply(closed=True)))
    assert connected.phase() is StreamPhase.OVER
    assert connected.tick() is None


def test_every_request_has_a_new_number(connected: World) -> None:
    counters = []
    for _ in range(3):
        sent = connected.expect(SendHeartbeat)
        counters.append(sent.credentials.counter)
        connected.step(Answered(reply=HeartbeatReply()))
        connected.wait(70)
    assert counters == [1, 2, 3]


@pytest.mark.parametrize(("random", "due"), [(0.0, 54.0), (0.5, 60.0), (0.999, 65.988)])
def test_heartbeats_come_every_minute_with_a_tenth_of_jitter(connected: World, random: float, due: float) -> None:
    connected.random = random
    connected.beat()
    assert connected.session.wakes_at(connected.moment()) == pytest.approx(due)
    connected.wait(due - 0.1)
    assert connected.tick() is None
    connected.wait(0.2)
    connected.expect(SendHeartbeat)


def test_heartbeats_come_faster_while_collecting_and_then_slower_again(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    assert connected.session.wakes_at(connected.moment()) == pytest.approx(15)
    connected.wait(15)
    heartbeat = connected.beat(START)
    assert (heartbeat.health_code, heartbeat.collecting) == (AgentHealthCode.RUNNING, (RUN,))
    connected.collect()
    connected.expect(SendManifest)
    connected.step(Answered(reply=ManifestReply(closed=True)))
    assert connected.session.wakes_at(connected.moment()) == pytest.approx(75)


@pytest.mark.parametrize(("seconds", "idle", "busy"), [(5, 5, 5), (300, 300, 15)])
def test_the_service_sets_the_interval(connected: World, seconds: int, idle: int, busy: int) -> None:
    connected.beat(SetHeartbeatInterval(seconds=seconds))
    assert connected.session.heartbeat_seconds(connected.spool.view()) == idle
    connected.wait(idle)
    connected.beat(START)
    connected.tick()
    assert connected.session.heartbeat_seconds(connected.spool.view()) == busy


def test_a_session_cannot_set_an_absurd_interval(world: World) -> None:
    for seconds, used in ((-1, 5), (10**9, 300)):
        world.restart()
        world.expect(SendChallenge)
        world.step(Answered(reply=Challenge(nonce="n" * 24, expires_at=NOW)))
        world.expect(OpenSession)
        world.step(Answered(reply=world.new_session(heartbeat_seconds=seconds)))
        assert world.session.heartbeat_seconds(world.spool.view()) == used


def test_a_session_is_renewed_before_it_ends(connected: World) -> None:
    connected.beat(SetHeartbeatInterval(seconds=300))
    connected.wait(3541)
    connected.expect(SendChallenge)


def test_a_host_with_a_wrong_clock_does_not_renew_all_the_time(world: World) -> None:
    world.expect(SendChallenge)
    world.step(Answered(reply=Challenge(nonce="n" * 24, expires_at=NOW)))
    world.expect(OpenSession)
    world.step(Answered(reply=world.new_session(expires_at=NOW - timedelta(days=1))))
    world.beat()
    assert world.tick() is None


def test_a_lost_session_is_replaced_at_once_and_then_with_growing_pauses(connected: World) -> None:
    for _ in range(3):
        connected.expect(SendHeartbeat)
        connected.step(Failed(failure=Unauthorised(problem=problem("unknown-session"))))
        if connected.tick() is None:
            break
        connected.step(Answered(reply=Challenge(nonce="n" * 24, expires_at=NOW)))
        connected.expect(OpenSession)
        connected.step(Answered(reply=connected.new_session()))
    else:
        raise AssertionError("asked in a circle without a pause")
    connected.wait(2)
    connected.connect()
    connected.beat()


def test_a_reattestation_opens_a_new_session(connected: World) -> None:
    connected.beat(Reattest())
    connected.expect(SendChallenge)


def test_failures_pause_ever_longer_up_to_two_minutes(world: World) -> None:
    pauses = []
    for _ in range(12):
        world.expect(SendChallenge)
        world.step(Failed(failure=Unreachable(reason="nobody there")))
        until = world.session.wakes_at(world.moment())
        pauses.append(until - world.seconds)
        world.seconds = until
    assert pauses[:4] == [0.75, 1.5, 3.0, 6.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 90.0


def test_jitter_spreads_a_fleet_that_failed_together(tmp_path: Path) -> None:
    wakes = set()
    for number in range(10):
        world = World(tmp_path / str(number))
        world.random = number / 10
        world.expect(SendChallenge)
        world.step(Failed(failure=Unreachable(reason="x")))
        wakes.add(world.session.wakes_at(world.moment()))
    assert len(wakes) == 10


def test_a_stale_connection_costs_no_pause(connected: World) -> None:
    connected.expect(SendHeartbeat)
    connected.step(Failed(failure=Unreachable(reason="closed", stale=True)))
    assert connected.expect(SendHeartbeat).credentials.counter == 2


def test_throttled_uploads_pause_and_heartbeats_go_on(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"')
    connected.expect(SendEnvelope)
    connected.step(Failed(failure=Throttled(problem=problem(), retry_after=40)))
    connected.wait(16)
    assert connected.beat().health_code is AgentHealthCode.THROTTLED
    assert connected.tick() is None
    connected.wait(26)
    connected.beat()
    assert connected.upload() == 1
    connected.expect(SendManifest)
    connected.step(Answered(reply=ManifestReply(closed=True)))
    connected.wait(60)
    assert connected.beat().health_code is AgentHealthCode.IDLE


def test_a_throttled_heartbeat_pauses_everything(connected: World) -> None:
    connected.expect(SendHeartbeat)
    connected.step(Failed(failure=Throttled(problem=problem(), retry_after=100)))
    connected.wait(99)
    assert connected.tick() is None
    connected.wait(7)
    assert connected.beat().health_code is AgentHealthCode.THROTTLED


def test_a_watermark_beyond_what_was_receipted_is_not_believed(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"', b'"2"')
    sent = connected.expect(SendEnvelope)
    connected.step(Answered(reply=connected.receipt(sent, watermark=10**6)))
    assert connected.spool.view().streams[RUN].pending == (2,)


def test_an_envelope_stays_until_the_watermark_covers_it(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"', b'"2"')
    for _ in range(2):
        sent = connected.expect(SendEnvelope)
        connected.step(Answered(reply=connected.receipt(sent, watermark=0)))
    assert connected.spool.view().streams[RUN].pending == (1, 2)
    connected.expect(SendManifest)


@pytest.mark.parametrize("changes", [{"seq": 9}, {"run_arn": "another"}])
def test_a_receipt_for_something_else_is_no_receipt(connected: World, changes: dict[str, object]) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"')
    sent = connected.expect(SendEnvelope)
    connected.step(Answered(reply=connected.receipt(sent, **changes)))
    assert connected.spool.view().streams[RUN].pending == (1,)
    assert connected.tick() is None
    connected.wait(2)
    assert connected.expect(SendEnvelope).seq == 1


def test_what_the_service_misses_is_sent_again(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"', b'"2"', b'"3"')
    for watermark in (1, 1, 1):
        sent = connected.expect(SendEnvelope)
        connected.step(Answered(reply=connected.receipt(sent, watermark=watermark)))
    connected.expect(SendManifest)
    connected.step(Answered(reply=ManifestReply(closed=False, missing=(2,))))
    connected.wait(2)
    assert connected.upload() == 2
    assert connected.upload() == 3
    connected.expect(SendManifest)


def test_what_the_service_misses_and_is_gone_is_told_as_lost(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"')
    connected.upload()
    connected.expect(SendManifest)
    connected.step(Answered(reply=ManifestReply(closed=False, missing=(1,))))
    assert connected.spool.manifest(RUN).dropped == 1
    connected.wait(2)
    connected.expect(SendManifest)


@pytest.mark.parametrize("code", ["run-not-collecting", "stream-closed", "not-in-run", "digest-conflict"])
def test_what_is_not_wanted_any_more_is_discarded(connected: World, code: str) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"')
    connected.expect(SendEnvelope)
    connected.step(Failed(failure=Refused(status=409, problem=problem(code))))
    assert connected.phase() is StreamPhase.OVER
    connected.wait(60)
    connected.beat(START)
    assert connected.tick() is None


def test_an_envelope_that_will_never_be_taken_is_lost_and_the_next_one_sent(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"', b'"2"')
    connected.expect(SendEnvelope)
    connected.step(Failed(failure=Refused(status=422, problem=problem("invalid-message"))))
    assert connected.upload() == 2
    assert connected.spool.manifest(RUN).dropped == 1


@pytest.mark.parametrize("code", ["internal", "out-of-window", "not-found", "surprise"])
def test_other_refusals_are_tried_again_later(connected: World, code: str) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"')
    connected.expect(SendEnvelope)
    connected.step(Failed(failure=Refused(status=500, problem=problem(code))))
    assert connected.tick() is None
    connected.wait(2)
    assert connected.expect(SendEnvelope).seq == 1


def test_without_early_closing_sensors_run_every_minute_until_the_end(connected: World) -> None:
    connected.beat(msgspec.structs.replace(START, close_when_collected=False))
    collections = 0
    while connected.seconds < 700:
        action = connected.tick()
        if isinstance(action, StartCollecting):
            collections += 1
            connected.collect(b'"x"')
        elif isinstance(action, SendHeartbeat):
            connected.step(Answered(reply=HeartbeatReply()))
        elif isinstance(action, SendEnvelope):
            connected.step(Answered(reply=connected.receipt(action)))
        elif isinstance(action, SendManifest):
            break
        else:
            connected.seconds = connected.session.wakes_at(connected.moment())
    assert connected.seconds == pytest.approx(600)
    assert collections == 10
    assert connected.phase() is StreamPhase.FINISHED


def test_a_collection_that_was_not_whole_is_tried_again_in_a_minute(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.step(Collected(run_arn=RUN, whole=False))
    assert connected.tick() is None
    connected.wait(59)
    while isinstance(connected.tick(), SendHeartbeat):
        connected.step(Answered(reply=HeartbeatReply()))
    connected.wait(2)
    connected.expect(StartCollecting)


def test_a_stop_ends_the_collection_sends_what_there_is_and_closes(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.spool.append(RUN, b'"1"')
    connected.upload()
    connected.wait(15)
    connected.beat(StopCollection(run_arn=RUN, discard=False))
    assert StopCollecting(run_arn=RUN) in connected.done
    assert connected.phase() is StreamPhase.OPEN
    connected.spool.append(RUN, b'"2"')
    connected.step(Collected(run_arn=RUN, whole=False))
    assert connected.upload() == 2
    connected.expect(SendManifest)


def test_a_stop_between_collections_closes_at_once(connected: World) -> None:
    connected.beat(msgspec.structs.replace(START, close_when_collected=False))
    connected.expect(StartCollecting)
    connected.collect()
    connected.wait(15)
    connected.beat(StopCollection(run_arn=RUN, discard=False))
    connected.expect(SendManifest)


def test_a_stop_with_discard_removes_everything_and_a_repeated_start_does_nothing(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.spool.append(RUN, b'"1"')
    connected.upload()
    connected.wait(15)
    connected.beat(StopCollection(run_arn=RUN, discard=True), START)
    assert connected.phase() is StreamPhase.OVER
    assert connected.tick() is None


def test_a_stop_of_what_never_began_closes_an_empty_stream(connected: World) -> None:
    connected.beat(StopCollection(run_arn=RUN, discard=False))
    connected.expect(SendManifest)
    assert connected.spool.manifest(RUN).count == 0


def test_a_repeated_start_is_one_start(connected: World) -> None:
    connected.beat(START, START)
    connected.expect(StartCollecting)
    connected.wait(15)
    connected.beat(START)
    assert connected.tick() is None


def test_the_runs_end_stops_a_collection_that_is_still_going(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.wait(600)
    connected.expect(StopCollecting)
    connected.step(Collected(run_arn=RUN, whole=False))
    connected.tick()
    assert connected.phase() is StreamPhase.FINISHED


def test_a_restarted_agent_collects_again_what_was_not_finished(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.spool.append(RUN, b'"1"')
    connected.restart()
    connected.expect(StartCollecting)
    connected.collect(b'"2"')
    connected.connect()
    connected.beat()
    assert [connected.upload(), connected.upload()] == [1, 2]
    connected.expect(SendManifest)


def test_refused_instructions_are_told_once_and_counted(connected: World) -> None:
    hostile = msgspec.Raw(b'{"kind":"run-command","command":"rm -rf /"}')
    start = msgspec.structs.replace(START, sensors=("dpkg", "rootkit"))
    assert connected.beat(hostile, start).refusals == ()
    connected.expect(StartCollecting)
    connected.wait(15)
    sent = connected.expect(SendHeartbeat).heartbeat
    assert [refusal.instruction for refusal in sent.refusals] == [bytes(hostile).decode(), "sensor rootkit"]
    connected.step(Failed(failure=Unreachable(reason="lost on the way")))
    connected.wait(2)
    assert len(connected.beat(hostile).refusals) == 2
    connected.wait(15)
    assert connected.beat().refusals == ()
    assert connected.session.refused == 3


def test_one_bad_instruction_spoils_no_other(connected: World) -> None:
    connected.beat(msgspec.Raw(b"[1,2,3]"), START, msgspec.Raw(b'{"kind":"x"}'))
    connected.expect(StartCollecting)


def test_a_flood_of_instructions_is_bounded(connected: World) -> None:
    starts = [msgspec.structs.replace(START, run_arn=f"run-{number}") for number in range(64)]
    connected.beat(*starts)
    assert len(connected.spool.view().streams) == 16
    connected.wait(16)
    heartbeat = connected.beat(*(msgspec.Raw(f'{{"kind":"{n}"}}'.encode()) for n in range(64)))
    assert len(heartbeat.collecting) == 16
    assert len(heartbeat.refusals) == 32
    msgspec.json.decode(msgspec.json.encode(heartbeat), type=Heartbeat)


def test_trouble_on_the_host_is_told_and_does_not_spin(connected: World) -> None:
    connected.step(Trouble(sentence="The disk is full."))
    heartbeat = connected.beat()
    assert (heartbeat.health_code, heartbeat.health_details) == (AgentHealthCode.UNHEALTHY, "The disk is full.")
    assert connected.tick() is None
    connected.wait(60)
    assert connected.beat().health_code is AgentHealthCode.IDLE


def test_a_stopped_agent_says_goodbye_once(connected: World) -> None:
    connected.step(Stopping())
    assert connected.expect(SendHeartbeat).heartbeat.health_code is AgentHealthCode.SHUTDOWN
    connected.step(Answered(reply=HeartbeatReply()))
    connected.expect(Exit)


@pytest.mark.parametrize("failure", [Unreachable(reason="x"), Unauthorised(problem=problem())])
def test_a_goodbye_that_fails_does_not_hold_the_agent(connected: World, failure: Unreachable) -> None:
    connected.step(Stopping())
    connected.expect(SendHeartbeat)
    connected.step(Failed(failure=failure))
    connected.expect(Exit)


def test_without_a_session_a_stopped_agent_just_leaves(world: World) -> None:
    world.step(Stopping())
    world.expect(Exit)


def test_loss_is_told_in_every_heartbeat(tmp_path: Path) -> None:
    world = World(tmp_path, spool_bytes=100)
    world.connect()
    world.beat(START)
    world.expect(StartCollecting)
    world.spool.append(RUN, b'"too much for this spool"' * 10)
    world.wait(15)
    heartbeat = world.beat()
    assert heartbeat.spool.envelopes_dropped == 1
    assert "1 envelopes of telemetry were lost" in heartbeat.health_details


@pytest.mark.parametrize(
    "reply",
    [
        Challenge(nonce="n" * 24, expires_at=NOW),
        Session(session_id="s" * 32, expires_at=NOW, heartbeat_seconds=60),
        ManifestReply(closed=True),
        Receipt(run_arn=RUN, stream="collection", seq=1, digest="0" * 64, watermark=1),
    ],
)
def test_a_reply_to_something_else_changes_nothing(connected: World, reply: Challenge) -> None:
    connected.expect(SendHeartbeat)
    connected.step(Answered(reply=reply))
    connected.expect(SendHeartbeat)


def test_the_same_events_give_the_same_actions(tmp_path: Path) -> None:
    def play(folder: Path) -> list[Action]:
        world = World(folder)
        world.connect()
        world.beat(START)
        world.expect(StartCollecting)
        world.collect(b'"1"')
        world.upload()
        world.expect(SendManifest)
        return world.done

    assert play(tmp_path / "one") == play(tmp_path / "two")
