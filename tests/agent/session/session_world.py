"""Drives the agent's session in tests, with a real spool and a simulated clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from openinspector.agent.session.action import (
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
    StartCollecting,
    StopCollecting,
)
from openinspector.agent.session.event import Answered, ClockReading, Collected, Event, Tick
from openinspector.agent.session.session import AgentSession
from openinspector.agent.session.stream import StreamPhase
from openinspector.agent.spool.spool import Spool, SpoolLimits
from openinspector.wire.envelope import decode_header
from openinspector.wire.instruction import StartCollection
from openinspector.wire.message import (
    Challenge,
    Heartbeat,
    HeartbeatReply,
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
    """Drives one session over a real spool. Only `wait` advances the clock."""

    def __init__(self, folder: Path, spool_bytes: int = 2**20) -> None:
        self.folder = folder
        self.spool_bytes = spool_bytes
        self.seconds = 0.0
        self.clock_off = timedelta()
        self.random = 0.5
        self.done: list[Action] = []
        self.restart()

    def restart(self) -> None:
        limits = SpoolLimits(bytes=self.spool_bytes, age=timedelta(days=1))
        self.spool = Spool(self.folder / "spool", AGENT, limits)
        self.session = AgentSession(AGENT, {"dpkg", "rpm"})

    def reading(self) -> ClockReading:
        return ClockReading(
            now=NOW + timedelta(seconds=self.seconds) + self.clock_off,
            monotonic=self.seconds,
            random=self.random,
            spool=self.spool.view(),
        )

    def step(self, event: Event) -> tuple[Action, ...]:
        actions = self.session.step(event, self.reading())
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


def problem(code: str = "x") -> Problem:
    return Problem(code=code, message="refused")
