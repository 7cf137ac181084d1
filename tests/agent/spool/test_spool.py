import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openinspector.agent.session.stream import StreamOrder, StreamPhase
from openinspector.agent.spool.spool import MAX_OVER, MAX_QUARANTINED, Spool, SpoolError, SpoolLimits
from openinspector.wire.envelope import chain_digest, decode_envelope, payload_digest

AGENT = "host-" + "0" * 17
RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-A/template/0-B/run/0-C"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ORDER = StreamOrder(run_arn=RUN, sensors=("dpkg",), ends_at=NOW + timedelta(hours=1), close_when_collected=True)


def spool(folder: Path, size: int = 2**20) -> Spool:
    return Spool(folder / "spool", AGENT, SpoolLimits(bytes=size, age=timedelta(hours=1)))


def filled(folder: Path, *payloads: bytes) -> Spool:
    made = spool(folder)
    made.open(ORDER)
    for payload in payloads:
        assert made.append(RUN, payload)
    return made


def pending(made: Spool) -> tuple[int, ...]:
    return made.view().streams[RUN].pending


def envelope_file(folder: Path, seq: int) -> Path:
    return next((folder / "spool").glob(f"*/{seq:06}.oit"))


def test_envelopes_are_numbered_from_one_and_read_back(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"', b'"2"')
    assert pending(made) == (1, 2)
    second = made.read(RUN, 2)
    assert second is not None
    header, plaintext = decode_envelope(second)
    assert (header.seq, header.agent_id, header.run_arn, header.stream) == (2, AGENT, RUN, "collection")
    assert plaintext == b'"2"'


def test_spool_survives_a_restart(tmp_path: Path) -> None:
    before = filled(tmp_path, b'"1"', b'"2"')
    before.acknowledge(RUN, 1)
    before.begin_collection(RUN)
    after = spool(tmp_path)
    assert pending(after) == (2,)
    assert after.view().streams[RUN].order == ORDER
    assert after.begin_collection(RUN) == 2
    assert after.append(RUN, b'"3"')
    assert pending(after) == (2, 3)
    assert after.manifest(RUN).chain == chain_digest(payload_digest(p) for p in (b'"1"', b'"2"', b'"3"'))


def test_files_and_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    filled(tmp_path, b'"1"').acknowledge(RUN, 1)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "spool").rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in (tmp_path / "spool").rglob("*") if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_only_acknowledged_envelopes_are_removed(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"', b'"2"', b'"3"')
    made.acknowledge(RUN, 2)
    assert pending(made) == (3,)
    assert made.read(RUN, 1) is None
    made.acknowledge(RUN, 1)
    made.acknowledge(RUN, 999)
    assert pending(made) == ()
    assert made.manifest(RUN).count == 3


def test_a_full_spool_refuses_the_newest_and_counts_it(tmp_path: Path) -> None:
    made = spool(tmp_path, size=2000)
    made.open(ORDER)
    noise = os.urandom(900)
    assert made.append(RUN, noise)
    assert not made.append(RUN, os.urandom(900))
    assert pending(made) == (1,)
    assert made.view().report.envelopes_dropped == 1
    assert made.manifest(RUN).dropped == 1
    assert made.manifest(RUN).count == 1
    made.acknowledge(RUN, 1)
    assert made.append(RUN, noise)
    assert pending(made) == (2,)
    assert spool(tmp_path).manifest(RUN).dropped == 1


def test_oversized_envelope_is_refused_and_counted(tmp_path: Path) -> None:
    made = filled(tmp_path)
    assert not made.append(RUN, bytes(17 * 2**20))
    assert made.manifest(RUN).dropped == 1


def test_the_stream_ends_before_the_gateways_limit(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"')
    made.acknowledge(RUN, 1)
    log = next((tmp_path / "spool").glob("*/acknowledged"))
    log.write_text(log.read_text() * 4096)
    assert not spool(tmp_path).append(RUN, b'"4097"')


def test_expired_envelopes_are_dropped_and_counted(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"', b'"2"')
    assert made.expire(NOW, 0.0) == 0
    made.append(RUN, b'"3"')
    assert made.expire(NOW, 3599.0) == 0
    assert made.expire(NOW, 3600.0) == 2
    assert pending(made) == (3,)
    manifest = made.manifest(RUN)
    assert (manifest.count, manifest.dropped) == (3, 2)
    assert manifest.chain == chain_digest([payload_digest(b'"3"')])
    assert spool(tmp_path).manifest(RUN) == manifest


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b'"lost":[]', b'"lost":[999999999999]'),
        (b'"lost":[]', b'"lost":[0]'),
        (b'"refused":0', b'"refused":-1'),
        (b'"run_arn":"arn', b'"run_arn":"' + b"a" * 300),
        (b'"ends_at":"2026-03-01T01:00:00Z"', b'"ends_at":"2026-03-01T01:00:00"'),
    ],
    ids=repr,
)
def test_stream_with_an_invalid_record_is_quarantined(tmp_path: Path, right: bytes, wrong: bytes) -> None:
    filled(tmp_path, b'"1"')
    record = next((tmp_path / "spool").glob("*/stream.json"))
    assert right in record.read_bytes()
    record.write_bytes(record.read_bytes().replace(right, wrong))
    made = spool(tmp_path)
    assert made.view().streams == {}
    assert made.view().report.envelopes_dropped == 1


def test_number_of_remembered_closed_streams_is_bounded(tmp_path: Path) -> None:
    made = spool(tmp_path)
    for number in range(MAX_OVER + 5):
        made.open(replace(ORDER, run_arn=f"run-{number}", ends_at=NOW + timedelta(seconds=number)))
        made.end(f"run-{number}")
    assert len(made.view().streams) == MAX_OVER
    assert "run-0" not in made.view().streams


def test_clock_jumps_do_not_expire_telemetry(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"')
    os.utime(envelope_file(tmp_path, 1), (0, 0))
    for jump in (timedelta(days=365), timedelta(days=-365)):
        assert made.expire(NOW + jump, 0.0) == 0
    assert spool(tmp_path).expire(NOW + timedelta(days=365), 0.0) == 0
    assert pending(made) == (1,)


def test_old_closed_streams_are_forgotten(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"')
    made.end(RUN)
    made.expire(NOW + timedelta(days=2), 0.0)
    assert made.view().streams[RUN].phase is StreamPhase.OVER
    made.expire(NOW + timedelta(days=4), 0.0)
    assert made.view().streams == {}
    assert list((tmp_path / "spool").iterdir()) == []


def test_closed_stream_keeps_only_its_record(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"')
    made.end(RUN)
    made.open(ORDER)
    assert not made.append(RUN, b'"2"')
    assert (pending(made), made.view().report.bytes_used) == ((), 0)
    again = spool(tmp_path)
    assert again.view().streams[RUN].phase is StreamPhase.OVER
    assert [path.name for path in (tmp_path / "spool").rglob("*") if path.is_file()] == ["stream.json"]


def test_finished_stream_refuses_new_envelopes(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"')
    made.finish(RUN)
    assert not made.append(RUN, b'"2"')
    assert spool(tmp_path).view().streams[RUN].phase is StreamPhase.FINISHED


@pytest.mark.parametrize("garbage", [b"", b"OIT1", b"\x00" * 500])
def test_damaged_envelope_is_quarantined_and_its_number_not_reused(tmp_path: Path, garbage: bytes) -> None:
    filled(tmp_path, b'"1"', b'"2"')
    envelope_file(tmp_path, 2).write_bytes(garbage)
    after = spool(tmp_path)
    assert pending(after) == (1,)
    assert after.view().report.envelopes_dropped == 1
    assert [path.read_bytes() for path in (tmp_path / "spool" / "quarantine").iterdir()] == [garbage]
    assert after.append(RUN, b'"3"')
    manifest = after.manifest(RUN)
    assert (manifest.count, manifest.dropped) == (3, 1)
    assert manifest.chain == chain_digest([payload_digest(b'"1"'), payload_digest(b'"3"')])


def test_envelope_under_a_wrong_number_is_quarantined(tmp_path: Path) -> None:
    filled(tmp_path, b'"1"', b'"2"')
    envelope_file(tmp_path, 2).write_bytes(envelope_file(tmp_path, 1).read_bytes())
    assert pending(spool(tmp_path)) == (1,)


def test_envelope_damaged_at_run_time_is_lost_and_counted(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"')
    envelope_file(tmp_path, 1).write_bytes(b"rot")
    assert made.read(RUN, 1) is None
    assert made.view().report.envelopes_dropped == 1
    assert pending(made) == ()


def test_envelope_damaged_before_acknowledgement_stays_lost(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"', b'"2"')
    envelope_file(tmp_path, 1).write_bytes(b"rot")
    made.acknowledge(RUN, 2)
    manifest = made.manifest(RUN)
    assert (manifest.count, manifest.dropped) == (2, 1)
    assert spool(tmp_path).manifest(RUN) == manifest


def test_partial_files_of_a_crash_are_ignored(tmp_path: Path) -> None:
    filled(tmp_path, b'"1"')
    folder = envelope_file(tmp_path, 1).parent
    (folder / "000002.oit.partial").write_bytes(b"OIT1 half")
    (folder / "stream.json.partial").write_bytes(b"{")
    after = spool(tmp_path)
    assert pending(after) == (1,)
    assert after.append(RUN, b'"2"')
    assert after.view().report.envelopes_dropped == 0
    assert not list(folder.glob("*.partial"))


def test_a_digest_line_cut_off_by_a_crash_is_read_from_the_envelope(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"', b'"2"')
    kept = envelope_file(tmp_path, 2).read_bytes()
    folder = envelope_file(tmp_path, 2).parent
    made.acknowledge(RUN, 2)
    log = folder / "acknowledged"
    log.write_bytes(log.read_bytes()[:-20])
    (folder / "000002.oit").write_bytes(kept)
    after = spool(tmp_path)
    assert pending(after) == (2,)
    after.acknowledge(RUN, 2)
    assert after.manifest(RUN).chain == chain_digest([payload_digest(b'"1"'), payload_digest(b'"2"')])


@pytest.mark.parametrize(("name", "content"), [("stream.json", b"{"), ("stream.json", b""), ("acknowledged", b"no\n")])
def test_stream_with_unreadable_metadata_is_quarantined(tmp_path: Path, name: str, content: bytes) -> None:
    filled(tmp_path, b'"1"', b'"2"')
    (envelope_file(tmp_path, 1).parent / name).write_bytes(content)
    after = spool(tmp_path)
    assert after.view().streams == {}
    assert after.view().report.envelopes_dropped == 2
    after.open(ORDER)
    assert after.append(RUN, b'"1"')


def test_stray_files_are_quarantined_within_limits(tmp_path: Path) -> None:
    filled(tmp_path, b'"1"')
    folder = envelope_file(tmp_path, 1).parent
    for number in range(40):
        (tmp_path / "spool" / f"stray{number}").write_bytes(b"x")
    (tmp_path / "spool" / "folder" / "deep").mkdir(parents=True)
    (folder / "notes.txt").write_bytes(b"x")
    (folder / "nested").mkdir()
    assert pending(spool(tmp_path)) == (1,)
    assert pending(spool(tmp_path)) == (1,)
    assert len(list((tmp_path / "spool" / "quarantine").iterdir())) <= MAX_QUARANTINED


def test_missing_and_deleted_envelopes_count_as_dropped(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"', b'"2"')
    made.acknowledge(RUN, 2)
    made.lose(RUN, (1, 77))
    manifest = made.manifest(RUN)
    assert (manifest.count, manifest.dropped) == (2, 1)
    assert manifest.chain == chain_digest([payload_digest(b'"2"')])


@pytest.mark.parametrize("event", ["os.remove", "os.rename"])
def test_crash_during_expiry_keeps_the_dropped_count(tmp_path: Path, event: str) -> None:
    """Before anything it does is done: either it is still there, or it is counted and its number not used again."""
    filled(tmp_path, b'"1"', b'"2"')
    child = os.fork()
    if child == 0:
        dying = spool(tmp_path)
        sys.addaudithook(lambda name, _: os._exit(0) if name == event else None)
        dying.lose(RUN, (2,))
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    after = spool(tmp_path)
    manifest = after.manifest(RUN)
    assert manifest.count == 2
    assert manifest.dropped == (0 if 2 in pending(after) else 1)
    assert after.append(RUN, b'"3"')
    assert pending(after)[-1] == 3


def test_runs_are_kept_apart(tmp_path: Path) -> None:
    made = filled(tmp_path, b'"1"')
    other = StreamOrder(run_arn="another", sensors=(), ends_at=NOW, close_when_collected=False)
    made.open(other)
    assert made.append("another", b'"x"')
    made.end(RUN)
    assert made.view().streams["another"].pending == (1,)
    assert not made.append("never opened", b'"x"')


def test_an_unusable_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"a file")
    with pytest.raises(SpoolError, match="cannot be used"):
        spool(tmp_path)
