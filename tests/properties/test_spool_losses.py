"""Laws of what is spooled and sent: whatever is given up, whatever is refused, whatever answer does not arrive.

- What has a receipt is not kept, also behind a number that the service will never see.
- What has none is kept, unless it was given up.
- The manifest's ``dropped`` is how many were given up, and its chain is over the others.
"""

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from openinspector.agent.session.action import Acknowledge, GatewayCredentials, Local, Lose, SendEnvelope
from openinspector.agent.session.event import ClockReading
from openinspector.agent.session.reply import Refused
from openinspector.agent.session.stream import StreamOrder
from openinspector.agent.session.upload import Uploads
from openinspector.agent.spool.spool import Spool, SpoolLimits
from openinspector.wire.envelope import chain_digest, decode_header, payload_digest
from openinspector.wire.message import Problem, Receipt

AGENT = "host-" + "0" * 17
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ORDER = StreamOrder(run_arn="run", sensors=(), ends_at=NOW + timedelta(hours=1), close_when_collected=False)
LIMITS = SpoolLimits(bytes=3000, age=timedelta(hours=1))
"""A dozen envelopes."""
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 6)),
        st.tuples(st.sampled_from(["send", "answer lost", "refused"]), st.integers(1, 6)),
        st.tuples(st.just("age"), st.sampled_from([1800, 3600])),
        st.tuples(st.sampled_from(["rot", "restart", "lose"]), st.integers(0, 3)),
    ),
    max_size=30,
)


@dataclass(slots=True)
class Life:
    """A spool, the agent's part that sends it, and a service that says what it has."""

    folder: Path
    seconds: float = 0.0
    payloads: dict[int, bytes] = field(default_factory=dict)
    refused: int = 0
    given_up: set[int] = field(default_factory=set)
    receipted: set[int] = field(default_factory=set)
    held: dict[int, str] = field(default_factory=dict)
    """The envelopes of the service: number to digest."""
    spool: Spool = field(init=False)
    uploads: Uploads = field(init=False)

    def __post_init__(self) -> None:
        self.restart()
        self.spool.open(ORDER)

    def restart(self) -> None:
        self.spool = Spool(self.folder, AGENT, LIMITS)
        self.uploads = Uploads()

    @property
    def pending(self) -> tuple[int, ...]:
        return self.spool.view().streams["run"].pending

    def do(self, deed: str, number: int) -> None:
        if deed == "append":
            for _ in range(number):
                self.append()
        elif deed in ("send", "answer lost", "refused"):
            for _ in range(number):
                self.send(deed)
        elif deed == "age":
            before = set(self.pending)
            self.seconds += number
            self.spool.expire(NOW, self.seconds)
            self.given_up |= before - set(self.pending)
        elif deed == "restart":
            self.restart()
        elif self.pending:
            self.harm(self.pending[number % len(self.pending)], deed)

    def append(self) -> None:
        seq = self.spool.view().streams["run"].count + 1
        payload = f'"{seq}"'.encode()
        if self.spool.append("run", payload):
            assert seq not in self.payloads
            self.payloads[seq] = payload
        else:
            self.refused += 1

    def harm(self, seq: int, deed: str) -> None:
        if deed == "lose":
            self.spool.lose("run", (seq,))
        else:
            next(self.folder.glob(f"*/{seq:06}.oit")).write_bytes(b"rot")
        self.given_up.add(seq)

    def send(self, what: str) -> None:
        reading = ClockReading(now=NOW, monotonic=self.seconds, random=0.5, spool=self.spool.view())
        sent = self.uploads.next_request(reading, GatewayCredentials(session_id="s", counter=1))
        if not isinstance(sent, SendEnvelope):
            return
        envelope = self.spool.read("run", sent.seq)
        if envelope is None:
            assert sent.seq in self.given_up
            return
        digest = decode_header(envelope).digest
        if what == "refused":
            failure = Refused(status=422, problem=Problem(code="invalid-message", message="no"))
            self.apply(self.uploads.refused(sent, failure))
            self.given_up.add(sent.seq)
            return
        assert self.held.setdefault(sent.seq, digest) == digest
        if what == "send":
            self.receipted.add(sent.seq)
            watermark = next(n for n in range(len(self.held) + 1) if n + 1 not in self.held)
            receipt = Receipt(run_arn="run", stream="collection", seq=sent.seq, digest=digest, watermark=watermark)
            self.apply(self.uploads.received(sent, receipt, self.spool.view()) or [])

    def apply(self, actions: list[Local]) -> None:
        for action in actions:
            if isinstance(action, Acknowledge):
                self.spool.acknowledge("run", action.watermark)
            elif isinstance(action, Lose):
                self.spool.lose("run", action.seqs)

    def check(self) -> None:
        pending = set(self.pending)
        assert not pending & self.receipted
        assert self.payloads.keys() - self.given_up <= pending | self.receipted

    def check_manifest(self) -> None:
        manifest = self.spool.manifest("run")
        assert (manifest.count, manifest.dropped) == (len(self.payloads), len(self.given_up) + self.refused)
        kept = (payload for seq, payload in self.payloads.items() if seq not in self.given_up)
        assert manifest.chain == chain_digest(map(payload_digest, kept))


@settings(max_examples=60)
@given(STEPS)
def test_losses_are_counted_exactly_and_block_nothing(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder) / "spool")
        for deed, number in steps:
            life.do(deed, number)
            life.check()
        life.do("send", 2 * len(life.payloads))
        assert life.pending == ()
        assert life.spool.view().report.bytes_used == 0
        life.check_manifest()
        life.restart()
        life.check_manifest()
