from datetime import timedelta

import msgspec
import pytest
from tests.agent.session.session_world import RUN, START, World

from openinspector.agent.session.action import (
    SendEnvelope,
    SendHeartbeat,
    SendManifest,
    StartCollecting,
    StopCollecting,
)
from openinspector.agent.session.event import Answered, Collected
from openinspector.agent.session.stream import StreamPhase
from openinspector.model.agent import AgentHealthCode
from openinspector.wire.instruction import StopCollection
from openinspector.wire.message import (
    HeartbeatReply,
    ManifestReply,
)


def test_complete_run_from_instruction_to_manifest(connected: World) -> None:
    assert connected.beat(START).health_code is AgentHealthCode.IDLE
    started = connected.expect(StartCollecting)
    assert (started.run_arn, started.sensors) == (RUN, ("dpkg",))
    connected.collect(b'"1"', b'"2"')
    assert [connected.upload(), connected.upload()] == [1, 2]
    assert connected.expect(SendManifest).run_arn == RUN
    connected.step(Answered(reply=ManifestReply(closed=True)))
    assert connected.phase() is StreamPhase.OVER
    assert connected.tick() is None


def test_sensors_run_every_minute_without_early_close(connected: World) -> None:
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
            connected.seconds = connected.session.wakes_at(connected.reading())
    assert connected.seconds == pytest.approx(600)
    assert collections == 10
    assert connected.phase() is StreamPhase.FINISHED


def test_incomplete_collection_is_retried_after_a_minute(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.step(Collected(run_arn=RUN, whole=False))
    assert connected.tick() is None
    connected.wait(59)
    while isinstance(connected.tick(), SendHeartbeat):
        connected.step(Answered(reply=HeartbeatReply()))
    connected.wait(2)
    connected.expect(StartCollecting)


def test_stop_ends_collection_uploads_the_spool_and_closes(connected: World) -> None:
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


def test_stop_of_an_unstarted_run_closes_an_empty_stream(connected: World) -> None:
    connected.beat(StopCollection(run_arn=RUN, discard=False))
    connected.expect(SendManifest)
    assert connected.spool.manifest(RUN).count == 0


def test_a_repeated_start_is_one_start(connected: World) -> None:
    connected.beat(START, START)
    connected.expect(StartCollecting)
    connected.wait(15)
    connected.beat(START)
    assert connected.tick() is None


def test_end_of_the_run_stops_the_collection(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.wait(600)
    connected.expect(StopCollecting)
    connected.step(Collected(run_arn=RUN, whole=False))
    connected.tick()
    assert connected.phase() is StreamPhase.FINISHED


@pytest.mark.parametrize("days", [365, -365])
def test_clock_jumps_do_not_change_the_duration_of_a_run(connected: World, days: int) -> None:
    sent = connected.expect(SendHeartbeat)
    raw = msgspec.Raw(msgspec.json.encode(msgspec.structs.replace(START, close_when_collected=False)))
    connected.step(Answered(reply=HeartbeatReply(instructions=(raw,))))
    assert sent.heartbeat.collecting == ()
    connected.clock_off = timedelta(days=days)
    connected.expect(StartCollecting)
    connected.wait(599)
    while connected.tick() is not None:
        connected.step(Answered(reply=HeartbeatReply()))
    assert connected.phase() is StreamPhase.OPEN
    assert connected.session.wakes_at(connected.reading()) <= 600
    connected.wait(1)
    connected.expect(StopCollecting)


def test_restarted_agent_uses_the_current_clock(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.clock_off = timedelta(minutes=9)
    connected.restart()
    connected.expect(StartCollecting)
    connected.wait(60)
    connected.expect(StopCollecting)


def test_restarted_agent_repeats_unfinished_collection(connected: World) -> None:
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
