"""The thin shell that joins session, spool, collector and gateway: it waits, carries actions out, tells what came."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Final

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
    """The clock, the chance and the host of the loop."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    random: Callable[[], float]
    describe: Callable[[], HostDescription]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the loop joins."""

    agent_id: str
    instance: str
    """Random, new each time the agent starts."""
    endpoint: str
    proxy: str
    session: AgentSession
    client: GatewayClient
    rotator: KeyRotator
    attest: Callable[[str], Enrolment | Failure]
    """Proves the host's identity afresh with a nonce."""
    spool: Spool
    collector: Collector
    events: "SimpleQueue[Event]"
    save_status: Callable[[AgentStatus], None]
    log: Log
    notifier: ServiceNotifier


class AgentLoop:
    """Runs until it is stopped. Requests are made one after the other; sensors run in the collector's thread."""

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
        """Ask the loop to say goodbye and return; may be called from a signal handler or another thread."""
        self._parts.events.put(Stopping())

    def run(self) -> None:
        """Work until stopped: then a last heartbeat says SHUTDOWN, and what is spooled stays for the next start."""
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
        self._tell_status()
        self._parts.log.info("agent stopped")

    def _next(self, *, wait: bool) -> Event:
        """Return what happened meanwhile; without anything to do, wait for it."""
        self._tell_status(busy=not wait)
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
        """Carry actions out; returns what the session must hear next, if anything."""
        try:
            for action in actions:
                if isinstance(action, act.Request):
                    return self._request(action)
                self._local(action)
        except SpoolError as error:
            self._parts.log.alarm("spool unusable", error=error)
            return Trouble(sentence=str(error))
        return None

    def _local(self, action: act.Local) -> None:
        parts = self._parts
        if isinstance(action, act.OpenStream):
            parts.spool.open(action.order)
            parts.log.info("collection ordered", run=action.order.run_arn, sensors=",".join(action.order.sensors))
        elif isinstance(action, act.StartCollecting):
            parts.collector.start(action.run_arn, action.sensors)
        elif isinstance(action, act.StopCollecting):
            parts.collector.stop(action.run_arn)
        elif isinstance(action, act.FinishStream):
            parts.spool.finish(action.run_arn)
        elif isinstance(action, act.EndStream):
            parts.spool.end(action.run_arn)
            parts.collector.forget(action.run_arn)
            parts.log.info("stream ended", run=action.run_arn, reason=action.reason)
        else:
            self._settle(action)

    def _settle(self, action: act.Local) -> None:
        if isinstance(action, act.Acknowledge):
            self._parts.spool.acknowledge(action.run_arn, action.watermark)
        elif isinstance(action, act.Lose):
            self._parts.spool.lose(action.run_arn, action.seqs)
            self._parts.log.warning(
                "telemetry lost", run=action.run_arn, envelopes=len(action.seqs), reason=action.reason
            )

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
        if isinstance(request, act.SendChallenge):
            return client.challenge()
        if isinstance(request, act.OpenSession):
            return self._admit(request)
        if isinstance(request, act.Attest | act.RotateKey):
            return self._identify(request)
        if isinstance(request, act.SendHeartbeat):
            return client.heartbeat(request.credentials, request.heartbeat)
        if isinstance(request, SendManifest):
            manifest = msgspec.structs.replace(self._parts.spool.manifest(request.run_arn), after=request.after)
            return client.close_stream(request.credentials, manifest)
        return self._upload(request)

    def _admit(self, request: act.OpenSession) -> GatewayReply | Failure:
        asked = SessionRequest(nonce=request.nonce, agent_id=self._parts.agent_id, instance=self._parts.instance)
        return self._identified(lambda: self._parts.rotator.open_session(asked))

    def _identify(self, request: act.Attest | act.RotateKey) -> GatewayReply | Failure:
        if isinstance(request, act.Attest):
            return self._identified(lambda: self._parts.attest(request.nonce))
        reply = self._identified(lambda: self._parts.rotator.rotate(request.credentials))
        if isinstance(reply, KeyRotated):
            self._parts.log.info("host key replaced", key=reply.key_id)
        return reply

    def _identified(self, ask: Callable[[], GatewayReply | Failure]) -> GatewayReply | Failure:
        """Return what came of a request about this host's identity; what the host cannot do is a refusal too."""
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

    def _tell_status(self, *, busy: bool = False) -> None:
        """Write the status file where something in it changed; while busy, a counter alone is not enough."""
        status = self._make_status()
        if self._status is not None and not _is_news(status, self._status, busy=busy):
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


def _is_news(status: AgentStatus, told: AgentStatus, *, busy: bool) -> bool:
    """Say whether ``status`` is worth a write after ``told``.

    While busy, not every request's answer is: but whoever reads the file must find the agent in touch.
    """
    moving: dict[str, object] = {"written_at": told.written_at}
    if busy and not _is_contact_old(status, told):
        moving |= {"last_contact_at": told.last_contact_at, "spool": told.spool}
    return msgspec.structs.replace(status, **moving) != told


def _is_contact_old(status: AgentStatus, told: AgentStatus) -> bool:
    """Say whether none was told, or one a heartbeat back by a clock that may have been set meanwhile."""
    if told.last_contact_at is None:
        return status.last_contact_at is not None
    return abs((status.written_at - told.last_contact_at).total_seconds()) >= status.heartbeat_seconds
