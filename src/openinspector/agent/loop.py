"""The loop: waits for events, steps the session, carries out its actions, and returns the replies as events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Final, assert_never

import msgspec

from openinspector import __version__
from openinspector.agent.collection.collector import Collector
from openinspector.agent.connection.gateway_client import GatewayClient
from openinspector.agent.identity import IdentityError
from openinspector.agent.membership.enrolment import EnrolmentError
from openinspector.agent.membership.rotation import KeyRotator
from openinspector.agent.operation.log import Log
from openinspector.agent.operation.status import AgentStatus
from openinspector.agent.operation.systemd import ServiceNotifier
from openinspector.agent.session import action as act
from openinspector.agent.session.action import Action, Exit, SendEnvelope, SendManifest
from openinspector.agent.session.event import (
    Answered,
    ClockReading,
    Event,
    Failed,
    GatewayReply,
    Stopping,
    Tick,
    Trouble,
)
from openinspector.agent.session.reply import Failure, Refused, Throttled, Unauthorised, Unreachable, describe_failure
from openinspector.agent.session.session import AgentSession, collecting
from openinspector.agent.session.stream import STREAM
from openinspector.agent.spool.spool import Spool, SpoolError
from openinspector.model.agent import HostDescription
from openinspector.wire.envelope import decode_header
from openinspector.wire.message import Enrolment, HeartbeatReply, KeyRotated, Problem, Receipt, SessionRequest

DESCRIBE_EVERY: Final = 300.0
EXPIRE_EVERY: Final = 600.0
MAX_WAIT: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The clock, the randomness and the host that the loop uses."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    random: Callable[[], float]
    describe: Callable[[], HostDescription]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that the loop connects."""

    agent_id: str
    instance: str
    """Random, new each time the agent starts."""
    endpoint: str
    proxy: str
    session: AgentSession
    client: GatewayClient
    rotator: KeyRotator
    attest: Callable[[str], Enrolment | Failure]
    """Proves the host's identity again, with a nonce."""
    spool: Spool
    collector: Collector
    events: "SimpleQueue[Event]"
    save_status: Callable[[AgentStatus], None]
    log: Log
    notifier: ServiceNotifier


class AgentLoop:
    """Runs until it is stopped. Makes one request at a time; sensors run in the collector's thread."""

    def __init__(self, parts: Parts, world: World) -> None:
        self._parts = parts
        self._world = world
        self._host = HostDescription()
        self._described_at = float("-inf")
        self._expired_at = float("-inf")
        self._last_contact: datetime | None = None
        self._problem = ""
        self._status: AgentStatus | None = None

    def stop(self) -> None:
        """Ask the loop to send a last heartbeat and return. Safe in a signal handler and in any thread."""
        self._parts.events.put(Stopping())

    def run(self) -> None:
        """Work until stopped. The last heartbeat reports SHUTDOWN; spooled telemetry is kept for the next start."""
        self._parts.log.info("agent started", version=__version__, agent=self._parts.agent_id)
        self._parts.notifier.ready()
        event: Event = Tick()
        while True:
            if isinstance(event, Stopping):
                self._parts.notifier.stopping()
            actions = self._parts.session.step(event, self._reading())
            if any(isinstance(action, Exit) for action in actions):
                break
            event = self._carry_out(actions) or self._next(wait=isinstance(event, Tick) and not actions)
        self._parts.collector.close()
        self._write_status()
        self._parts.log.info("agent stopped")

    def _next(self, *, wait: bool) -> Event:
        """Return the next event. If ``wait`` is True, wait for it until the session must be stepped again."""
        self._write_status(busy=not wait)
        self._parts.notifier.alive()
        reading = self._reading()
        longest = self._parts.notifier.longest_wait(MAX_WAIT)
        timeout = min(longest, self._parts.session.wakes_at(reading) - reading.monotonic) if wait else 0.0
        try:
            return self._parts.events.get(timeout=timeout) if timeout > 0 else self._parts.events.get_nowait()
        except Empty:
            return Tick()

    def _reading(self) -> ClockReading:
        monotonic = self._world.monotonic()
        if monotonic - self._described_at >= DESCRIBE_EVERY:
            self._host, self._described_at = self._world.describe(), monotonic
        now = self._world.now()
        if monotonic - self._expired_at >= EXPIRE_EVERY:
            self._expired_at = monotonic
            self._expire(now, monotonic)
        return ClockReading(
            now=now,
            monotonic=monotonic,
            random=self._world.random(),
            host=self._host,
            spool=self._parts.spool.view(),
            rotation=self._parts.rotator.is_wanted(),
        )

    def _expire(self, now: datetime, monotonic: float) -> None:
        try:
            given_up = self._parts.spool.expire(now, monotonic)
        except SpoolError as error:
            self._parts.log.alarm("spool unusable", error=error)
            return
        if given_up:
            self._parts.log.warning("spool gave up old telemetry", envelopes=given_up)

    # Actions

    def _carry_out(self, actions: tuple[Action, ...]) -> Event | None:
        """Carry out actions. Returns the event that follows from them, or None."""
        try:
            for action in actions:
                if isinstance(action, act.Request):
                    return self._request(action)
                if not isinstance(action, Exit):  # handled by `run`
                    self._work(action)
        except SpoolError as error:
            self._parts.log.alarm("spool unusable", error=error)
            return Trouble(sentence=str(error))
        return None

    def _work(self, action: act.Work) -> None:
        parts = self._parts
        match action:
            case act.OpenStream(order=order):
                parts.spool.open(order)
                parts.log.info("collection ordered", run=order.run_arn, sensors=",".join(order.sensors))
            case act.StartCollecting(run_arn=run, sensors=sensors):
                parts.collector.start(run, sensors)
            case act.StopCollecting(run_arn=run):
                parts.collector.stop(run)
            case act.FinishStream(run_arn=run):
                parts.spool.finish(run)
            case act.EndStream(run_arn=run, reason=reason):
                parts.spool.end(run)
                parts.collector.forget(run)
                parts.log.info("stream ended", run=run, reason=reason)
            case act.Acknowledge(run_arn=run, watermark=watermark):
                parts.spool.acknowledge(run, watermark)
            case act.Lose(run_arn=run, seqs=seqs, reason=reason):
                parts.spool.lose(run, seqs)
                parts.log.warning("telemetry lost", run=run, envelopes=len(seqs), reason=reason)
            case _:
                assert_never(action)

    def _request(self, request: act.Request) -> Event:
        reply = self._send(request)
        if reply is None:
            return Tick()
        if isinstance(reply, Unauthorised | Throttled | Refused | Unreachable):
            self._note_failure(request, reply)
            return Failed(failure=reply)
        if isinstance(request, act.SendHeartbeat | SendEnvelope | SendManifest):
            self._last_contact, self._problem = self._world.now(), ""
        if isinstance(reply, HeartbeatReply):
            self._parts.log.debug("heartbeat answered", instructions=len(reply.instructions))
        return Answered(reply=reply)

    def _note_failure(self, request: act.Request, failure: Failure) -> None:
        problem = describe_failure(failure)
        if isinstance(failure, Unreachable) and failure.stale:
            self._parts.log.debug("connection reopened", reason=problem)
            return
        self._problem = problem
        self._parts.log.warning("gateway request failed", request=type(request).__name__, problem=problem)

    def _send(self, request: act.Request) -> GatewayReply | Failure | None:
        client = self._parts.client
        match request:
            case act.SendChallenge():
                return client.challenge()
            case act.OpenSession() | act.Attest() | act.RotateKey():
                return self._identify(request)
            case act.SendHeartbeat(credentials=credentials, heartbeat=heartbeat):
                return client.heartbeat(credentials, heartbeat)
            case SendEnvelope():
                return self._upload(request)
            case SendManifest(credentials=credentials, run_arn=run, after=after):
                manifest = msgspec.structs.replace(self._parts.spool.manifest(run), after=after)
                return client.close_stream(credentials, manifest)
            case _:
                assert_never(request)

    def _identify(self, request: act.OpenSession | act.Attest | act.RotateKey) -> GatewayReply | Failure:
        parts = self._parts
        match request:
            case act.OpenSession(nonce=nonce):
                asked = SessionRequest(nonce=nonce, agent_id=parts.agent_id, instance=parts.instance)
                return self._identified(lambda: parts.rotator.open_session(asked))
            case act.Attest(nonce=nonce):
                return self._identified(lambda: parts.attest(nonce))
            case act.RotateKey(credentials=credentials):
                reply = self._identified(lambda: parts.rotator.rotate(credentials))
                if isinstance(reply, KeyRotated):
                    parts.log.info("host key replaced", key=reply.key_id)
                return reply
            case _:
                assert_never(request)

    def _identified(self, ask: Callable[[], GatewayReply | Failure]) -> GatewayReply | Failure:
        """Make a request about the host's identity. Returns a refusal if this host cannot make it."""
        try:
            return ask()
        except (IdentityError, EnrolmentError) as error:
            self._parts.log.alarm("identity unusable", error=error)
            return Refused(status=200, problem=Problem(code="no-identity", message=str(error), advice=error.advice))

    def _upload(self, request: SendEnvelope) -> Receipt | Failure | None:
        envelope = self._parts.spool.read(request.run_arn, request.seq)
        if envelope is None:
            self._parts.log.warning("telemetry lost", run=request.run_arn, seq=request.seq, reason="unreadable")
            return None
        receipt = self._parts.client.upload(request.credentials, envelope)
        if isinstance(receipt, Receipt):
            header = decode_header(envelope)
            expected = (header.run_arn, STREAM, header.seq, header.digest)
            if (receipt.run_arn, receipt.stream, receipt.seq, receipt.digest) != expected:
                message = "the receipt is not for the envelope that was sent"
                return Refused(status=200, problem=Problem(code="wrong-receipt", message=message))
        return receipt

    # Status

    def _write_status(self, *, busy: bool = False) -> None:
        """Write the status file if something in it changed. While busy, a changed counter is not enough."""
        status = self._make_status()
        if self._status is not None and not _is_worth_writing(status, self._status, busy=busy):
            return
        self._status = status
        self._parts.notifier.status(f"{status.health_code}: {status.problem or status.details or 'in touch'}")
        try:
            self._parts.save_status(status)
        except OSError as error:
            self._parts.log.alarm("status not written", error=error)

    def _make_status(self) -> AgentStatus:
        view = self._parts.spool.view()
        code, details = self._parts.session.health(view)
        return AgentStatus(
            version=__version__,
            endpoint=self._parts.endpoint,
            proxy=self._parts.proxy,
            agent_id=self._parts.agent_id,
            health_code=code,
            heartbeat_seconds=self._parts.session.heartbeat_seconds(view),
            written_at=self._world.now(),
            collecting=collecting(view),
            details=details,
            problem=self._problem,
            last_contact_at=self._last_contact,
            instructions_refused=self._parts.session.refused,
            spool=view.report,
        )


def _is_worth_writing(status: AgentStatus, written: AgentStatus, *, busy: bool) -> bool:
    """Return True if ``status`` is worth writing after ``written``.

    While busy, not after every reply; but readers of the file must find the agent in touch.
    """
    moving: dict[str, object] = {"written_at": written.written_at}
    if busy and not _is_contact_old(status, written):
        moving |= {"last_contact_at": written.last_contact_at, "spool": written.spool}
    return msgspec.structs.replace(status, **moving) != written


def _is_contact_old(status: AgentStatus, written: AgentStatus) -> bool:
    """Return True if the written contact is absent, or a heartbeat old by a clock that may have been set since."""
    if written.last_contact_at is None:
        return status.last_contact_at is not None
    return abs((status.written_at - written.last_contact_at).total_seconds()) >= status.heartbeat_seconds
