"""Every decoder of bytes from the network and from the agent's disk: whatever they are, only its own refusal.

Documents that are right are changed at random (the seed is fixed, so a failure comes again), and bytes are made up.
Memory is bounded by what the decoder may read, not by what it is given.
"""

import random
import shutil
import socket
import ssl
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openinspector.agent.connection.http_connection import HttpConnection, HttpError
from openinspector.agent.connection.transport import make_tls_context
from openinspector.agent.identity import KEY_FILE, IdentityError, load_or_make_key
from openinspector.agent.linux.netlink import messages
from openinspector.agent.membership.enrolment import ENROLMENT_FILE, EnrolmentError, EnrolmentRecord, load_enrolment
from openinspector.agent.operation.status import STATUS_FILE, AgentStatus, StatusError, load_status, save_status
from openinspector.agent.session.instruction_reader import read_instruction, read_start
from openinspector.agent.session.stream import StreamOrder, StreamPhase
from openinspector.agent.settings.settings import AgentSettingsError, load_settings
from openinspector.agent.spool.spool import Spool, SpoolLimits
from openinspector.model.agent import AgentHealthCode
from openinspector.model.errors import WireError
from openinspector.model.inventory import KernelParameters, SensorState, SensorStatus
from openinspector.testing.throwaway_authority import ThrowawayAuthority
from openinspector.wire.codec import decode_batch, decode_json, decode_message, encode_batch, encode_record
from openinspector.wire.envelope import MAX_ENVELOPE_BYTES, MAX_PLAINTEXT_BYTES, decode_envelope, encode_envelope
from openinspector.wire.instruction import Reattest, StartCollection
from openinspector.wire.message import Challenge, HeartbeatReply, ManifestReply, Problem, Receipt, Refusal, Session
from openinspector.wire.signature import Covered, content_digest, key_id, parse_headers, render_headers

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AGENT = "host-" + "0" * 17
CHANGES = 150
HUGE = 64 * 1024 * 1024
MESSAGES = [
    encode_record("dpkg", KernelParameters(values={"a": "b"})),
    encode_record("dpkg", SensorStatus(sensor="dpkg", state=SensorState.OK, records=1)),
]
START = StartCollection(run_arn="run", sensors=("dpkg",), ends_at=NOW + timedelta(hours=1), close_when_collected=True)
BATCH = encode_batch(MESSAGES)
ENVELOPE = encode_envelope(run_arn="run", agent_id=AGENT, stream="collection", seq=1, plaintext=BATCH)
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
DATAGRAM = bytes.fromhex(
    "2c0000001400020001000000000000000208fe80020000000800010a7f00000108000200 7f000001".replace(" ", "")
)
REPLIES = (
    Challenge(nonce="n" * 24, expires_at=NOW),
    Session(session_id="s" * 24, expires_at=NOW, heartbeat_seconds=60),
    HeartbeatReply(instructions=(msgspec.Raw(msgspec.json.encode(Reattest())),)),
    Receipt(run_arn="run", stream="collection", seq=1, digest="0" * 64, watermark=1),
    ManifestReply(closed=False, missing=(1, 2)),
    Problem(code="x", message="y", advice="z"),
)


def changed(document: bytes, seed: int) -> bytes:
    """Return a document changed in one to three places: cut, flipped, repeated, deepened, enlarged, not UTF-8."""
    chance = random.Random(seed)
    made = document
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(made) + 1)
        until = min(len(made), at + chance.randrange(1, 20))
        piece = made[at:until]
        replacement = chance.choice(
            (
                b"",
                bytes(byte ^ 1 << chance.randrange(8) for byte in piece[:1]) + piece[1:],
                piece * chance.randrange(1, 200),
                chance.choice((b"[", b'{"a":')) * 2000 + piece,
                chance.choice((b"\xff\xfe", b"\x00", b"\xed\xa0\x80", b"\\ud800", b"\r\n")),
                chance.choice((b"9" * 400, b"-1", b"1e999", b"null", b"true", b'""', b"0.5", b"NaN")),
                chance.randbytes(chance.randrange(40)),
            )
        )
        made = made[:at] + replacement + (made[until:] if chance.randrange(8) else b"")
    return made


def decode_reply(kind: type[msgspec.Struct]) -> Callable[[bytes], object]:
    decoder = msgspec.json.Decoder(kind)
    return lambda data: decode_json(data, decoder, "a reply")


def decode_whole_batch(data: bytes) -> None:
    for message in decode_batch(data).messages:
        with suppress(WireError):
            decode_message(message)


def follow(data: bytes) -> None:
    instruction = read_instruction(msgspec.Raw(data))
    if isinstance(instruction, StartCollection):
        _, refusals = read_start(instruction, {"dpkg"}, NOW)
        assert all(isinstance(refusal, Refusal) for refusal in refusals)


def read_http(data: bytes) -> None:
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(10)
        feeding = Thread(target=_feed, args=(far, data), daemon=True)
        feeding.start()
        with suppress(HttpError, OSError):
            HttpConnection(cast("ssl.SSLSocket", near), "host").post("/", b"", {}, 1024 * 1024, lambda: None)
        near.close()
        feeding.join(10)


def _feed(end: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        end.sendall(data)
        end.shutdown(socket.SHUT_WR)


DECODERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "envelope": (decode_envelope, ENVELOPE),
    "batch": (decode_whole_batch, BATCH),
    "instruction": (follow, msgspec.json.encode(START)),
    "netlink": (lambda data: list(messages(data)), DATAGRAM),
    "http": (read_http, REPLY),
    **{type(reply).__name__: (decode_reply(type(reply)), msgspec.json.encode(reply)) for reply in REPLIES},
}


@pytest.mark.parametrize("name", DECODERS)
def test_a_changed_document_is_read_or_refused(name: str) -> None:
    decode, document = DECODERS[name]
    for seed in range(CHANGES):
        with suppress(WireError):
            decode(changed(document, seed))


@pytest.mark.parametrize("name", DECODERS)
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
def test_any_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    with suppress(WireError):
        DECODERS[name][0](data)


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("fill", [b"[", b'{"a":', b"\x00", b"9", b'"'], ids=repr)
def test_huge_and_deep_documents_cost_little(name: str, fill: bytes) -> None:
    decode, document = DECODERS[name]
    huge = document[: len(document) // 2] + fill * (2 * MAX_ENVELOPE_BYTES // len(fill))
    assert peak_of(lambda: decode(huge)) < 2 * len(huge) + MAX_PLAINTEXT_BYTES


@given(
    st.sampled_from(["signature-input", "signature", "content-digest", "openinspector-session"]), st.integers(0, 10**6)
)
def test_changed_signature_headers_are_read_or_refused(name: str, seed: int) -> None:
    covered = Covered(
        method="POST", path="/agent/v1/x", content_digest=content_digest(b""), session="s" * 24, counter=1
    )
    headers = render_headers(covered, 1, key_id(b"k" * 32), b"s" * 64)
    headers[name] = changed(headers[name].encode(), seed).decode("latin-1")
    with suppress(WireError):
        parse_headers("POST", "/agent/v1/x", headers)


# Files


@pytest.fixture
def state(tmp_path: Path) -> Path:
    key = load_or_make_key(tmp_path)
    record = EnrolmentRecord(endpoint="https://x:1", agent_id=AGENT, key_id=key.id, enrolled_at=NOW)
    (tmp_path / ENROLMENT_FILE).write_bytes(msgspec.json.encode(record))
    status = AgentStatus(
        version="1",
        endpoint="https://x:1",
        agent_id=AGENT,
        health_code=AgentHealthCode.IDLE,
        heartbeat_seconds=60,
        written_at=NOW,
    )
    save_status(tmp_path, status)
    (tmp_path / "agent.cfg").write_text("endpoint = https://x:1\nspool_bytes = 64 MiB\nspool_age = 1 d\nproxy = p:1\n")
    ThrowawayAuthority(tmp_path)
    shutil.copy(tmp_path / "throwaway" / "ca.pem", tmp_path / "ca.pem")
    return tmp_path


READERS: dict[str, tuple[str, Callable[[Path], object], type[Exception]]] = {
    "status": (STATUS_FILE, load_status, StatusError),
    "enrolment": (ENROLMENT_FILE, lambda state: load_enrolment(state, load_or_make_key(state)), EnrolmentError),
    "key": (KEY_FILE, load_or_make_key, IdentityError),
    "settings": ("agent.cfg", lambda state: load_settings(state / "agent.cfg", {}), AgentSettingsError),
    "authorities": ("ca.pem", lambda state: make_tls_context(state / "ca.pem"), AgentSettingsError),
}


@pytest.mark.parametrize("name", READERS)
def test_a_changed_file_is_read_or_refused(state: Path, name: str) -> None:
    file, read, refusal = READERS[name]
    document = (state / file).read_bytes()
    read(state)
    for seed in range(CHANGES):
        (state / file).write_bytes(changed(document, seed))
        with suppress(refusal, IdentityError):
            read(state)


@pytest.mark.parametrize("name", [name for name in READERS if name != "authorities"])
def test_huge_file_is_read_up_to_the_limit(state: Path, name: str) -> None:
    file, read, refusal = READERS[name]
    with (state / file).open("r+b") as opened:
        opened.truncate(HUGE)
    with pytest.raises((refusal, IdentityError)):
        read(state)

    def again() -> None:
        with suppress(refusal, IdentityError):
            read(state)

    assert peak_of(again) < HUGE / 8


# The spool


def filled(folder: Path) -> None:
    spool = opened(folder)
    for run in ("one", "two"):
        order = StreamOrder(run_arn=run, sensors=("dpkg",), ends_at=NOW + timedelta(hours=1), close_when_collected=True)
        spool.open(order)
        for number in range(4):
            assert spool.append(run, b'"%d"' % number)
        spool.acknowledge(run, 2)
        spool.lose(run, (4,))
    spool.finish("two")


def opened(folder: Path) -> Spool:
    return Spool(folder, AGENT, SpoolLimits(bytes=2**20, age=timedelta(days=1)))


def use(folder: Path) -> None:
    """Do with a spool all that an agent does."""
    spool = opened(folder)
    for run, stream in spool.view().streams.items():
        for seq in stream.pending:
            spool.read(run, seq)
        manifest = spool.manifest(run)
        assert manifest.dropped >= 0
        if stream.phase is StreamPhase.OPEN and stream.count < 4000:
            spool.begin_collection(run)
            assert spool.append(run, b'"more"')
        spool.acknowledge(run, stream.count)
        spool.finish(run)
    spool.expire(NOW, 0.0)
    spool.expire(NOW + timedelta(days=9), 10**6)
    opened(folder)


def files_of(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def test_spool_survives_any_changed_file(tmp_path: Path) -> None:
    right = tmp_path / "right"
    filled(right)
    for seed in range(CHANGES):
        folder = tmp_path / f"{seed}"
        shutil.copytree(right, folder)
        path = random.Random(seed).choice(list(files_of(folder)))
        path.write_bytes(changed(path.read_bytes(), seed))
        use(folder)
        shutil.rmtree(folder)


@pytest.mark.parametrize("size", [0, 1, HUGE])
def test_spool_survives_truncated_and_huge_files_in_bounded_memory(tmp_path: Path, size: int) -> None:
    right = tmp_path / "right"
    filled(right)
    for number, path in enumerate(list(files_of(right))):
        folder = tmp_path / str(number)
        shutil.copytree(right, folder)
        with (folder / path.relative_to(right)).open("r+b") as file:
            file.truncate(size)
        assert peak_of(lambda: use(folder)) < HUGE / 2  # noqa: B023 - called at once
        shutil.rmtree(folder)


def peak_of(act: Callable[[], object]) -> int:
    """Return the most bytes Python held meanwhile, beside what it held before."""
    tracemalloc.start()
    try:
        with suppress(WireError):
            act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
