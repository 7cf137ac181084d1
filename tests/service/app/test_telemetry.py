"""Telemetry is taken in once, sealed, read back whole, and refused where it does not belong."""

import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import zstandard
from tests.service.gateway_world import (
    AGENT,
    OTHER_AGENT,
    OTHER_RUN,
    PACKAGE_NAMES,
    RUN,
    World,
    chain_of,
    envelope,
    package,
    plaintext,
    records,
    stream_of,
)

from openinspector.model.errors import StoreError, WireError
from openinspector.model.inventory import OperatingSystem, Package
from openinspector.model.run_state import AssessmentRunState
from openinspector.service.app.refusal import RefusalCode, RefusedError
from openinspector.service.app.telemetry import ACCEPTING, MAX_ENVELOPES, UNDECODED
from openinspector.service.ports.telemetry_store import Volume
from openinspector.service.sealing.chunked import SealError
from openinspector.wire.codec import encode_record, message_size
from openinspector.wire.envelope import MAX_ENVELOPE_BYTES, decode_header
from openinspector.wire.message import Manifest, ManifestReply
from openinspector.wire.telemetry import MessageType, TelemetryBatch, TelemetryMessage


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(folder=tmp_path)


def manifest(envelopes: list[bytes], **changes: object) -> Manifest:
    whole = Manifest(run_arn=RUN, stream="collection", count=len(envelopes), chain=chain_of(envelopes))
    return msgspec.structs.replace(whole, **changes)


def code(action: Callable[[], object]) -> RefusalCode:
    with pytest.raises(RefusedError) as refused:
        action()
    return refused.value.code


def test_telemetry_round_trip(world: World) -> None:
    for sent in stream_of(3):
        world.telemetry.ingest(AGENT, sent)
    read = list(world.telemetry.read(RUN, AGENT))
    assert read == [encode_record(sensor, record) for sensor, record in records()]
    facts = world.telemetry.facts_of(RUN, AGENT)
    assert [found.name for found in facts.all(Package)] == list(PACKAGE_NAMES)
    assert facts.only(OperatingSystem) == OperatingSystem(id="debian", version_id="12")
    assert facts.agent_id == AGENT


def test_an_agent_that_sent_nothing_has_no_facts(world: World) -> None:
    assert list(world.telemetry.read(RUN, AGENT)) == []
    assert world.telemetry.facts_of(RUN, AGENT).records == {}


def test_another_agents_telemetry_is_not_read(world: World) -> None:
    world.telemetry.ingest(AGENT, envelope())
    assert list(world.telemetry.read(RUN, OTHER_AGENT)) == []


def test_receipt_has_sequence_number_and_watermark(world: World) -> None:
    first, second, third = stream_of(3)
    receipt = world.telemetry.ingest(AGENT, first)
    assert (receipt.run_arn, receipt.stream, receipt.seq, receipt.watermark) == (RUN, "collection", 1, 1)
    assert receipt.digest == decode_header(first).digest
    assert world.telemetry.ingest(AGENT, third).watermark == 1
    assert world.telemetry.ingest(AGENT, second).watermark == 3


def test_the_same_envelope_again_gets_the_same_receipt_and_is_stored_once(world: World) -> None:
    sent = envelope()
    first = world.telemetry.ingest(AGENT, sent)
    files = world.files()
    assert world.telemetry.ingest(AGENT, sent) == first
    assert world.files() == files
    assert len(files) == 1


def test_conflicting_envelope_is_refused_and_raises_an_alarm(world: World) -> None:
    world.telemetry.ingest(AGENT, envelope(1))
    files = world.files()
    other = envelope(1, plaintext([("dpkg", package("other"))]))
    assert code(lambda: world.telemetry.ingest(AGENT, other)) is RefusalCode.DIGEST_CONFLICT
    assert world.counters.value("openinspector_gateway_alarms_total", kind="digest-conflict") == 1
    assert world.files() == files
    assert [found.name for found in world.telemetry.facts_of(RUN, AGENT).all(Package)] == list(PACKAGE_NAMES)


def test_messages_are_counted_by_type(world: World) -> None:
    world.telemetry.ingest(AGENT, envelope(1))
    world.telemetry.ingest(AGENT, envelope(2))
    counted = world.index.volumes(RUN)[AGENT]
    sent = [(sensor, record) for sensor, record in records() if isinstance(record, Package)]
    size = sum(message_size(encode_record(sensor, record)) for sensor, record in sent)
    assert counted[MessageType("InspectorPackageInfo")] == Volume(count=4, size=2 * size)
    assert counted[MessageType("InspectorTcpV4ListeningPort")].count == 2
    assert sum(volume.count for volume in counted.values()) == 2 * len(records())


def test_unknown_record_of_a_newer_agent_is_skipped(world: World) -> None:
    unknown = TelemetryMessage(sensor="dpkg", kind="Hologram", payload=msgspec.Raw(b'{"a":1}'))
    known = encode_record("dpkg", package("zlib"))
    content = msgspec.json.encode(TelemetryBatch(messages=(unknown, known)))
    world.telemetry.ingest(AGENT, envelope(content=content))
    assert world.index.volumes(RUN)[AGENT][UNDECODED] == Volume(count=1, size=7)
    assert world.telemetry.facts_of(RUN, AGENT).undecoded == 1


def test_envelope_of_another_agent_is_refused_and_raises_an_alarm(world: World) -> None:
    assert code(lambda: world.telemetry.ingest(OTHER_AGENT, envelope())) is RefusalCode.OTHER_AGENT
    assert world.counters.value("openinspector_gateway_alarms_total", kind="other-agent") == 1
    assert world.files() == []


def test_run_of_other_agents_is_refused(world: World) -> None:
    world.runs.add(OTHER_RUN, AssessmentRunState.COLLECTING_DATA, OTHER_AGENT)
    assert code(lambda: world.telemetry.ingest(AGENT, envelope(run=OTHER_RUN))) is RefusalCode.NOT_IN_RUN


def test_missing_run_is_refused_alike(world: World) -> None:
    assert code(lambda: world.telemetry.ingest(AGENT, envelope(run=OTHER_RUN))) is RefusalCode.NOT_IN_RUN


@pytest.mark.parametrize("state", AssessmentRunState)
def test_only_a_collecting_run_accepts_telemetry(world: World, state: AssessmentRunState) -> None:
    world.runs.enter(RUN, state)
    if state in ACCEPTING:
        assert world.telemetry.ingest(AGENT, envelope()).watermark == 1
        assert world.telemetry.close(AGENT, manifest([envelope()])).closed
    else:
        assert code(lambda: world.telemetry.ingest(AGENT, envelope())) is RefusalCode.RUN_NOT_COLLECTING
        assert code(lambda: world.telemetry.close(AGENT, manifest([]))) is RefusalCode.RUN_NOT_COLLECTING
        assert world.files() == []


def test_other_streams_and_endless_ones_are_refused(world: World) -> None:
    assert code(lambda: world.telemetry.ingest(AGENT, envelope(stream="more"))) is RefusalCode.INVALID_MESSAGE
    beyond = envelope(MAX_ENVELOPES + 1)
    assert code(lambda: world.telemetry.ingest(AGENT, beyond)) is RefusalCode.INVALID_MESSAGE


def test_lost_numbers_do_not_block_later_envelopes(world: World) -> None:
    """Of a long outage's backlog all but the last may be too old to be sent."""
    sent = [envelope(MAX_ENVELOPES - 1), envelope(MAX_ENVELOPES)]
    assert [world.telemetry.ingest(AGENT, one).watermark for one in sent] == [0, 0]
    kept = manifest(sent, count=MAX_ENVELOPES, dropped=MAX_ENVELOPES - 2)
    assert world.telemetry.close(AGENT, kept).closed


def test_envelope_truncated_anywhere_is_refused(world: World) -> None:
    sent = envelope()
    for end in range(0, len(sent), 7):
        with pytest.raises(WireError):
            world.telemetry.ingest(AGENT, sent[:end])
    assert world.files() == []


def test_decompression_bomb_is_refused(world: World) -> None:
    """An envelope whose payload inflates to a gigabyte, its header rewritten to look harmless."""
    packer = zlib.compressobj(9)
    bomb = b"".join([*(packer.compress(bytes(1024 * 1024)) for _ in range(1024)), packer.flush()])
    sent = envelope()
    header = sent[: 8 + int.from_bytes(sent[4:8], "big")]
    assert len(header + bomb) < MAX_ENVELOPE_BYTES
    with pytest.raises(WireError, match="size"):
        world.telemetry.ingest(AGENT, header + bomb)
    assert world.files() == []


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"messages":1}', b'{"messages":[{}]}', b"\xff\xfe", b"[" * 10_000])
def test_invalid_batch_is_refused(world: World, content: bytes) -> None:
    with pytest.raises(WireError):
        world.telemetry.ingest(AGENT, envelope(content=content))
    assert world.files() == []


def test_manifest_closes_a_complete_stream_and_is_idempotent(world: World) -> None:
    sent = stream_of(3)
    for one in sent:
        world.telemetry.ingest(AGENT, one)
    assert world.telemetry.close(AGENT, manifest(sent)) == ManifestReply(closed=True)
    assert world.telemetry.close(AGENT, manifest(sent)) == ManifestReply(closed=True)
    (stream,) = world.index.streams(RUN)
    assert (stream.watermark, stream.closed_at, stream.dropped) == (3, world.clock.now(), 0)
    assert code(lambda: world.telemetry.ingest(AGENT, envelope(4))) is RefusalCode.STREAM_CLOSED
    assert len(world.files()) == 3


def test_an_empty_stream_can_be_closed(world: World) -> None:
    assert world.telemetry.close(AGENT, manifest([])).closed


def test_manifest_reply_lists_missing_envelopes(world: World) -> None:
    sent = stream_of(4)
    world.telemetry.ingest(AGENT, sent[0])
    world.telemetry.ingest(AGENT, sent[2])
    assert world.telemetry.close(AGENT, manifest(sent)) == ManifestReply(closed=False, missing=(2, 4))
    world.telemetry.ingest(AGENT, sent[1])
    world.telemetry.ingest(AGENT, sent[3])
    assert world.telemetry.close(AGENT, manifest(sent)).closed


def test_dropped_envelopes_are_counted_and_not_requested(world: World) -> None:
    sent = stream_of(3)
    world.telemetry.ingest(AGENT, sent[0])
    world.telemetry.ingest(AGENT, sent[2])
    kept = manifest([sent[0], sent[2]], count=3, dropped=1)
    assert world.telemetry.close(AGENT, kept).closed
    (stream,) = world.index.streams(RUN)
    assert (stream.watermark, stream.dropped) == (1, 1)
    assert world.counters.value("openinspector_telemetry_losses_total", kind="envelopes-dropped") == 1


def test_stored_envelope_reported_lost_is_not_a_conflict(world: World) -> None:
    """Its receipt never reached the agent, whose spool then had to make room."""
    sent = stream_of(3)
    for one in sent:
        world.telemetry.ingest(AGENT, one)
    assert world.telemetry.close(AGENT, manifest(sent[1:], count=3, dropped=1)).closed
    assert world.counters.value("openinspector_gateway_alarms_total", kind="manifest-conflict") == 0


def test_drops_before_numbering_do_not_affect_the_chain(world: World) -> None:
    sent = stream_of(2)
    for one in sent:
        world.telemetry.ingest(AGENT, one)
    assert world.telemetry.close(AGENT, manifest(sent, dropped=5)).closed


def test_dropping_does_not_excuse_another_chain(world: World) -> None:
    sent = stream_of(3)
    world.telemetry.ingest(AGENT, sent[0])
    world.telemetry.ingest(AGENT, sent[2])
    wrong = manifest([sent[2], sent[0]], count=3, dropped=1)
    assert code(lambda: world.telemetry.close(AGENT, wrong)) is RefusalCode.DIGEST_CONFLICT


def test_huge_gap_is_requested_in_parts(world: World) -> None:
    reply = world.telemetry.close(AGENT, manifest([], count=MAX_ENVELOPES))
    assert reply == ManifestReply(closed=False, missing=tuple(range(1, 1001)))
    lost = manifest([], count=MAX_ENVELOPES, dropped=1000, after=1000)
    assert world.telemetry.close(AGENT, lost).missing == tuple(range(1001, 2001))
    all_but_one = manifest([], count=MAX_ENVELOPES, dropped=MAX_ENVELOPES - 1, after=MAX_ENVELOPES - 1)
    assert world.telemetry.close(AGENT, all_but_one) == ManifestReply(closed=False, missing=(MAX_ENVELOPES,))
    assert world.telemetry.close(AGENT, manifest([], count=MAX_ENVELOPES, dropped=MAX_ENVELOPES)).closed


def test_a_number_beyond_the_bound_is_refused(world: World) -> None:
    assert code(lambda: world.telemetry.close(AGENT, manifest([], count=2**31))) is RefusalCode.INVALID_MESSAGE


def test_missing_list_restarts_at_the_beginning(world: World) -> None:
    reply = world.telemetry.close(AGENT, manifest([], count=3, dropped=1, after=3))
    assert reply == ManifestReply(closed=False, missing=(1, 2, 3))


def test_losses_without_a_number_excuse_no_missing_envelope(world: World) -> None:
    sent = stream_of(2)
    world.telemetry.ingest(AGENT, sent[0])
    reply = world.telemetry.close(AGENT, manifest(sent, dropped=5, unnumbered=5))
    assert reply == ManifestReply(closed=False, missing=(2,))


@pytest.mark.parametrize(
    "wrong",
    [{"chain": "0" * 64}, {"count": 1}, {"count": 0}],
    ids=["another chain", "fewer than stored", "none"],
)
def test_contradicting_manifest_raises_an_alarm(world: World, wrong: dict[str, object]) -> None:
    sent = stream_of(2)
    for one in sent:
        world.telemetry.ingest(AGENT, one)
    assert code(lambda: world.telemetry.close(AGENT, manifest(sent, **wrong))) is RefusalCode.DIGEST_CONFLICT
    assert world.counters.value("openinspector_gateway_alarms_total", kind="manifest-conflict") == 1
    assert world.index.streams(RUN)[0].closed_at is None


def test_no_stored_file_contains_plaintext(world: World) -> None:
    for sent in stream_of(3):
        world.telemetry.ingest(AGENT, sent)
    assert len(world.files()) == 3
    for path in world.files():
        for word in (*PACKAGE_NAMES, "known-name", "Package", "debian", "messages", AGENT):
            assert word.encode() not in path.read_bytes()
            assert word == AGENT or word not in str(path.relative_to(world.folder))


def test_stored_telemetry_is_encrypted(world: World) -> None:
    world.telemetry.ingest(AGENT, envelope())
    content = world.files()[0].read_bytes()
    assert zlib.compress(plaintext(records()))[2:18] not in content
    assert zstandard.FRAME_HEADER not in content[56:]  # 56: salt and commitment of the sealed message


def test_files_are_named_without_their_content(world: World) -> None:
    sent = envelope()
    world.telemetry.ingest(AGENT, sent)
    assert decode_header(sent).digest[:16] not in str(world.files()[0])


def test_a_damaged_or_swapped_object_is_not_read(world: World) -> None:
    for sent in stream_of(2):
        world.telemetry.ingest(AGENT, sent)
    first, second = world.files()
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    with pytest.raises(SealError):
        list(world.telemetry.read(RUN, AGENT))
    first.write_bytes(content[:-1])
    with pytest.raises(SealError):
        list(world.telemetry.read(RUN, AGENT))


def test_after_a_restart_telemetry_is_still_read(world: World) -> None:
    world.telemetry.ingest(AGENT, envelope())
    world.use(world.objects)
    assert len(list(world.telemetry.read(RUN, AGENT))) == len(records())


def test_a_run_that_ended_leaves_no_key_in_memory(world: World) -> None:
    world.telemetry.ingest(AGENT, envelope())
    assert world.keys.cached() == 1
    world.telemetry.run_ended(RUN)
    assert world.keys.cached() == 0
    assert len(list(world.telemetry.read(RUN, AGENT))) == len(records())
    assert world.keys.cached() == 0


def test_every_run_has_its_own_key(world: World) -> None:
    world.runs.add(OTHER_RUN, AssessmentRunState.COLLECTING_DATA, AGENT)
    world.telemetry.ingest(AGENT, envelope())
    world.telemetry.ingest(AGENT, envelope(run=OTHER_RUN))
    assert world.keys.get(RUN) != world.keys.get(OTHER_RUN)


class TestShredding:
    def test_shredding_leaves_nothing(self, world: World) -> None:
        for sent in stream_of(3):
            world.telemetry.ingest(AGENT, sent)
        receipt = world.telemetry.shred(RUN)
        assert (receipt.run_arn, receipt.key_deleted, receipt.objects_deleted) == (RUN, True, 3)
        assert receipt.shredded_at == world.clock.now().isoformat()
        assert world.files() == []
        assert world.index.run_key(RUN) is None
        assert world.keys.cached() == 0
        assert world.index.volumes(RUN) == {}
        assert list(world.telemetry.read(RUN, AGENT)) == []

    def test_shredding_is_idempotent(self, world: World) -> None:
        world.telemetry.ingest(AGENT, envelope())
        world.telemetry.shred(RUN)
        again = world.telemetry.shred(RUN)
        assert (again.key_deleted, again.objects_deleted) == (False, 0)

    def test_a_late_envelope_finds_no_key_and_leaves_no_file(self, world: World) -> None:
        world.telemetry.ingest(AGENT, envelope())
        world.telemetry.shred(RUN)
        assert code(lambda: world.telemetry.ingest(AGENT, envelope(2))) is RefusalCode.STREAM_CLOSED
        assert world.files() == []

    def test_a_key_that_a_restored_database_brings_back_is_shredded_again(self, world: World) -> None:
        world.telemetry.ingest(AGENT, envelope())
        world.telemetry.shred(RUN)
        restored = World(folder=world.folder / "restored")
        restored.telemetry.ingest(AGENT, envelope())
        restored.clock.advance(1)
        (world.folder / "objects" / "shredded").rename(restored.folder / "objects" / "shredded")
        (receipt,) = restored.telemetry.shred_again()
        assert (receipt.run_arn, receipt.key_deleted, restored.files()) == (RUN, True, [])
        assert restored.telemetry.shred_again() == ()

    def test_shredding_keeps_other_runs(self, world: World) -> None:
        world.runs.add(OTHER_RUN, AssessmentRunState.COLLECTING_DATA, AGENT)
        world.telemetry.ingest(AGENT, envelope())
        world.telemetry.ingest(AGENT, envelope(run=OTHER_RUN))
        world.telemetry.shred(RUN)
        assert len(list(world.telemetry.read(OTHER_RUN, AGENT))) == len(records())

    def test_a_copy_of_object_and_index_does_not_open_without_the_key(self, world: World) -> None:
        world.telemetry.ingest(AGENT, envelope())
        (held,) = world.index.envelopes(RUN, AGENT)
        sealed = world.objects.get(held.object_name)
        world.telemetry.shred(RUN)
        world.objects.put(held.object_name, sealed)
        world.index._envelopes[(RUN, AGENT, "collection", 1)] = held
        with pytest.raises(StoreError, match="shredded"):
            list(world.telemetry.read(RUN, AGENT))
