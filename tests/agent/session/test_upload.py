from pathlib import Path

import msgspec
import pytest
from tests.agent.session.session_world import RUN, START, World, problem

from openinspector.agent.session.action import (
    SendEnvelope,
    SendManifest,
    StartCollecting,
)
from openinspector.agent.session.event import Answered, Failed
from openinspector.agent.session.reply import Refused, Throttled
from openinspector.agent.session.stream import StreamPhase
from openinspector.model.agent import AgentHealthCode
from openinspector.wire.envelope import chain_digest, payload_digest
from openinspector.wire.message import (
    ManifestReply,
)


def test_heartbeats_continue_during_throttled_uploads(connected: World) -> None:
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


def test_watermark_beyond_the_receipts_is_ignored(connected: World) -> None:
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


def test_lost_envelopes_do_not_block_later_ones(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    payloads = [f'"{seq}"'.encode() for seq in range(1, 7)]
    connected.collect(*payloads)
    connected.spool.lose(RUN, (1, 4))
    for seq in (2, 3, 5, 6):
        sent = connected.expect(SendEnvelope)
        assert sent.seq == seq
        # The service waits for number 1, which is gone.
        connected.step(Answered(reply=connected.receipt(sent, watermark=0)))
        assert min(connected.spool.view().streams[RUN].pending, default=7) > seq
    connected.restart()
    assert connected.spool.view().report.bytes_used == 0
    manifest = connected.spool.manifest(RUN)
    assert (manifest.count, manifest.dropped) == (6, 2)
    assert manifest.chain == chain_digest(payload_digest(payloads[seq - 1]) for seq in (2, 3, 5, 6))


def test_demand_for_lost_envelopes_blocks_only_its_stream(connected: World) -> None:
    other = msgspec.structs.replace(START, run_arn="another")
    connected.beat(START, other)
    connected.expect(StartCollecting)
    connected.collect(b'"1"')
    connected.spool.append("another", b'"x"')
    refused = Failed(failure=Refused(status=409, problem=problem("out-of-window")))
    assert connected.expect(SendEnvelope).run_arn == RUN
    connected.step(refused)
    sent = connected.expect(SendEnvelope)
    assert sent.run_arn == "another"
    connected.step(Answered(reply=connected.receipt(sent)))
    assert connected.tick() is None
    moment = connected.reading()
    assert moment.monotonic < connected.session.wakes_at(moment) <= moment.monotonic + 2
    connected.wait(2)
    assert connected.expect(SendEnvelope).run_arn == RUN


@pytest.mark.parametrize("changes", [{"seq": 9}, {"run_arn": "another"}])
def test_unrelated_receipt_is_ignored(connected: World, changes: dict[str, object]) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"')
    sent = connected.expect(SendEnvelope)
    connected.step(Answered(reply=connected.receipt(sent, **changes)))
    assert connected.spool.view().streams[RUN].pending == (1,)
    assert connected.tick() is None
    connected.wait(2)
    assert connected.expect(SendEnvelope).seq == 1


def test_missing_envelopes_are_sent_again(connected: World) -> None:
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


def test_lost_envelope_is_reported_when_listed_twice(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"')
    connected.upload()
    for dropped in (0, 1):
        connected.expect(SendManifest)
        connected.step(Answered(reply=ManifestReply(closed=False, missing=(1,))))
        assert connected.spool.manifest(RUN).dropped == dropped
        connected.wait(3)


def test_truncated_missing_list_is_processed_in_parts(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(*(f'"{seq}"'.encode() for seq in range(1, 8)))
    for _ in range(7):
        connected.upload()
    missing, cut = (1, 2, 3, 5, 6, 7), 2
    for _ in range(12):
        sent = connected.expect(SendManifest)
        manifest = connected.spool.manifest(RUN)
        if len(missing) <= manifest.dropped:
            break
        listed = tuple(seq for seq in missing if seq > sent.after)[:cut]
        connected.step(Answered(reply=ManifestReply(closed=False, missing=listed)))
        connected.wait(1)
    assert (manifest.count, manifest.dropped, sent.after) == (7, 6, 7)
    assert manifest.chain == chain_digest([payload_digest(b'"4"')])


@pytest.mark.parametrize("code", ["run-not-collecting", "stream-closed", "not-in-run", "digest-conflict"])
def test_unwanted_stream_is_discarded(connected: World, code: str) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"')
    connected.expect(SendEnvelope)
    connected.step(Failed(failure=Refused(status=409, problem=problem(code))))
    assert connected.phase() is StreamPhase.OVER
    connected.wait(60)
    connected.beat(START)
    assert connected.tick() is None


def test_permanently_refused_envelope_is_lost_and_the_next_is_sent(connected: World) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"', b'"2"')
    connected.expect(SendEnvelope)
    connected.step(Failed(failure=Refused(status=422, problem=problem("invalid-message"))))
    assert connected.upload() == 2
    assert connected.spool.manifest(RUN).dropped == 1


@pytest.mark.parametrize("code", ["internal", "out-of-window", "not-found", "surprise"])
def test_other_refusals_are_retried_later(connected: World, code: str) -> None:
    connected.beat(START)
    connected.expect(StartCollecting)
    connected.collect(b'"1"')
    connected.expect(SendEnvelope)
    connected.step(Failed(failure=Refused(status=500, problem=problem(code))))
    assert connected.tick() is None
    connected.wait(2)
    assert connected.expect(SendEnvelope).seq == 1


def test_loss_is_reported_in_every_heartbeat(tmp_path: Path) -> None:
    world = World(tmp_path, spool_bytes=100)
    world.connect()
    world.beat(START)
    world.expect(StartCollecting)
    world.spool.append(RUN, b'"too much for this spool"' * 10)
    world.wait(15)
    heartbeat = world.beat()
    assert heartbeat.spool.envelopes_dropped == 1
    assert "1 envelopes of telemetry were lost" in heartbeat.health_details
