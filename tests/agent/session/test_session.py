from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.agent.session.session_world import NOW, RUN, START, World, problem

from openinspector.agent.session.action import (
    Action,
    Exit,
    OpenSession,
    SendChallenge,
    SendHeartbeat,
    SendManifest,
    StartCollecting,
)
from openinspector.agent.session.event import Answered, Failed, Stopping, Trouble
from openinspector.agent.session.reply import NOT_UNDERSTOOD, Failure, Refused, Throttled, Unauthorised, Unreachable
from openinspector.agent.session.session import REPLY
from openinspector.model.agent import AgentHealthCode
from openinspector.wire.instruction import Reattest, SetHeartbeatInterval, StopCollection
from openinspector.wire.message import (
    Challenge,
    Heartbeat,
    HeartbeatReply,
    ManifestReply,
    Problem,
    Receipt,
    Session,
)


def test_every_request_has_a_new_number(connected: World) -> None:
    counters = []
    for _ in range(3):
        sent = connected.expect(SendHeartbeat)
        counters.append(sent.credentials.counter)
        connected.step(Answered(reply=HeartbeatReply()))
        connected.wait(70)
    assert counters == [1, 2, 3]


@pytest.mark.parametrize(("random", "due"), [(0.0, 54.0), (0.5, 60.0), (0.999, 65.988)])
def test_heartbeat_interval_has_ten_percent_jitter(connected: World, random: float, due: float) -> None:
    connected.random = random
    connected.beat()
    assert connected.session.wakes_at(connected.reading()) == pytest.approx(due)
    connected.wait(due - 0.1)
    assert connected.tick() is None
    connected.wait(0.2)
    connected.expect(SendHeartbeat)


def test_heartbeats_are_faster_during_a_collection(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    assert connected.session.wakes_at(connected.reading()) == pytest.approx(15)
    connected.wait(15)
    heartbeat = connected.beat(START)
    assert (heartbeat.health_code, heartbeat.collecting) == (AgentHealthCode.RUNNING, (RUN,))
    connected.collect()
    connected.expect(SendManifest)
    connected.step(Answered(reply=ManifestReply(closed=True)))
    assert connected.session.wakes_at(connected.reading()) == pytest.approx(75)


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


def test_wrong_clock_does_not_cause_constant_renewal(world: World) -> None:
    world.expect(SendChallenge)
    world.step(Answered(reply=Challenge(nonce="n" * 24, expires_at=NOW)))
    world.expect(OpenSession)
    world.step(Answered(reply=world.new_session(expires_at=NOW - timedelta(days=1))))
    world.beat()
    assert world.tick() is None


def test_lost_session_is_reopened_at_once_then_with_backoff(connected: World) -> None:
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


@pytest.mark.parametrize("collecting", [False, True])
def test_the_agent_is_back_within_one_heartbeat_after_an_outage(connected: World, collecting: bool) -> None:  # noqa: FBT001
    connected.random = 0.999
    connected.beat(*[START] * collecting)
    if collecting:
        connected.expect(StartCollecting)
    interval = connected.session.heartbeat_seconds(connected.spool.view())
    connected.wait(interval + 7)
    for _ in range(12):
        connected.expect(SendHeartbeat)
        connected.step(Failed(failure=Unreachable(reason="the service is down")))
        connected.seconds = connected.session.wakes_at(connected.reading())
    # The service came back, without its sessions, just after the last attempt began.
    began = connected.seconds - interval
    connected.expect(SendHeartbeat)
    connected.step(Failed(failure=Unauthorised(problem=problem("unknown-session"))))
    connected.connect()
    connected.beat()
    assert connected.seconds - began <= interval


def test_a_reattestation_opens_a_new_session(connected: World) -> None:
    connected.beat(Reattest())
    connected.expect(SendChallenge)


def test_failures_back_off_up_to_one_heartbeat_interval(world: World) -> None:
    pauses = []
    for _ in range(12):
        world.expect(SendChallenge)
        world.step(Failed(failure=Unreachable(reason="nobody there")))
        until = world.session.wakes_at(world.reading())
        pauses.append(until - world.seconds)
        world.seconds = until
    assert pauses[:4] == [0.75, 1.5, 3.0, 6.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 45.0


def test_jitter_spreads_a_fleet_that_failed_together(tmp_path: Path) -> None:
    wakes = set()
    for number in range(10):
        world = World(tmp_path / str(number))
        world.random = number / 10
        world.expect(SendChallenge)
        world.step(Failed(failure=Unreachable(reason="x")))
        wakes.add(world.session.wakes_at(world.reading()))
    assert len(wakes) == 10


def test_stale_connection_is_retried_at_once(connected: World) -> None:
    connected.expect(SendHeartbeat)
    connected.step(Failed(failure=Unreachable(reason="closed", stale=True)))
    assert connected.expect(SendHeartbeat).credentials.counter == 2


def test_throttled_heartbeat_pauses_all_requests(connected: World) -> None:
    connected.expect(SendHeartbeat)
    connected.step(Failed(failure=Throttled(problem=problem(), retry_after=100)))
    connected.wait(99)
    assert connected.tick() is None
    connected.wait(7)
    assert connected.beat().health_code is AgentHealthCode.THROTTLED


def test_refused_instructions_are_reported_once_and_counted(connected: World) -> None:
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


def test_one_invalid_instruction_does_not_affect_others(connected: World) -> None:
    connected.beat(msgspec.Raw(b"[1,2,3]"), START, msgspec.Raw(b'{"kind":"x"}'))
    connected.expect(StartCollecting)


def test_a_flood_of_instructions_is_bounded(connected: World) -> None:
    starts = [msgspec.structs.replace(START, run_arn=f"run-{number}") for number in range(64)]
    connected.beat(*starts)
    assert len(connected.spool.view().streams) == 16
    connected.tick()
    connected.wait(16)
    heartbeat = connected.beat(*(msgspec.Raw(f'{{"kind":"{n}"}}'.encode()) for n in range(64)))
    assert len(heartbeat.collecting) == 16
    assert len(heartbeat.refusals) == 32
    msgspec.json.decode(msgspec.json.encode(heartbeat), type=Heartbeat)


def test_flood_of_stops_of_unstarted_runs_is_bounded(connected: World) -> None:
    connected.beat(*(StopCollection(run_arn=f"run-{number}", discard=False) for number in range(64)))
    assert len(connected.spool.view().streams) <= 16
    connected.tick()
    connected.wait(16)
    assert any("stop-collection" in refusal.instruction for refusal in connected.beat().refusals)


@pytest.mark.parametrize(
    "failure",
    [
        Unreachable(reason="its reply is longer than 9 bytes", garbled=True),
        Refused(status=200, problem=Problem(code=NOT_UNDERSTOOD, message="the reply is not understood")),
    ],
    ids=str,
)
def test_an_invalid_heartbeat_reply_is_counted_and_reported(connected: World, failure: Failure) -> None:
    connected.expect(SendHeartbeat)
    connected.step(Failed(failure=failure))
    connected.wait(5)
    (refusal,) = connected.beat().refusals
    assert refusal.instruction == REPLY
    assert connected.session.refused == 1


def test_unreachable_service_refuses_no_instruction(connected: World) -> None:
    connected.expect(SendHeartbeat)
    connected.step(Failed(failure=Unreachable(reason="cut off")))
    connected.wait(5)
    assert connected.beat().refusals == ()


def test_host_error_is_reported_without_busy_looping(connected: World) -> None:
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


@pytest.mark.parametrize(
    "reply",
    [
        Challenge(nonce="n" * 24, expires_at=NOW),
        Session(session_id="s" * 32, expires_at=NOW, heartbeat_seconds=60),
        ManifestReply(closed=True),
        Receipt(run_arn=RUN, stream="collection", seq=1, digest="0" * 64, watermark=1),
    ],
)
def test_unrelated_reply_changes_nothing(connected: World, reply: Challenge) -> None:
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
