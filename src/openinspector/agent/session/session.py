"""The agent's session: a sans-I/O state machine. Events in, actions out; no clock, no socket, no randomness here.

- No session, or an old one: request a nonce, open a session.
- A session is refused until the host attests again: do that with the next nonce.
- A next host key waits: rotate to it; a new session follows.
- A heartbeat is due: send it; its reply's instructions are read one by one (`instruction_reader`).
- Otherwise: send what is spooled, then manifests of finished streams (`upload`), in the order of the runs.
- Meanwhile sensors run in the background according to `schedule`; they never delay a heartbeat.
- 401 in a session: the session is lost, and a new one is opened at once. A second loss before any request succeeds
  backs off. This backoff is separate: an outage does not delay the new session.
- 429, 503: wait as long as the gateway asks. Uploads back off separately, so heartbeats continue and report THROTTLED.
- No reply: back off with jitter, for at most a heartbeat interval, so that the agent is back within one after an
  outage.

Only a Tick starts something new: local actions, or one request. The next event is the outcome of that request.
"""

from collections.abc import Container
from typing import Final, assert_never

import msgspec

from openinspector.agent.session.action import (
    Action,
    Attest,
    Exit,
    GatewayCredentials,
    Local,
    OpenSession,
    OpenStream,
    Request,
    RotateKey,
    SendChallenge,
    SendEnvelope,
    SendHeartbeat,
    SendManifest,
)
from openinspector.agent.session.backoff import Backoff
from openinspector.agent.session.event import (
    Answered,
    ClockReading,
    Collected,
    Event,
    Failed,
    GatewayReply,
    Stopping,
    Tick,
    Trouble,
)
from openinspector.agent.session.instruction_reader import joined_refusals, read_instruction, read_start, refusal_of
from openinspector.agent.session.reply import (
    NOT_UNDERSTOOD,
    Failure,
    Refused,
    Throttled,
    Unauthorised,
    Unreachable,
    describe_failure,
)
from openinspector.agent.session.schedule import CollectionSchedule
from openinspector.agent.session.stream import SpoolView, StreamPhase
from openinspector.agent.session.upload import NOT_YET, Uploads
from openinspector.model.agent import AgentHealthCode
from openinspector.model.foreign_text import printable_line
from openinspector.wire.instruction import (
    MAX_HEARTBEAT_SECONDS,
    MIN_HEARTBEAT_SECONDS,
    Reattest,
    SetHeartbeatInterval,
    StartCollection,
    StopCollection,
)
from openinspector.wire.message import (
    Challenge,
    Enrolment,
    Heartbeat,
    HeartbeatReply,
    KeyRotated,
    ManifestReply,
    Receipt,
    Refusal,
    Session,
)

IDLE_SECONDS: Final = 60
COLLECTING_SECONDS: Final = 15
JITTER: Final = 0.1
MAX_SESSION_SECONDS: Final = 3600.0
RENEW_SECONDS: Final = 60.0
"""How long before its end a session is renewed."""
TROUBLE_SECONDS: Final = 10.0
"""Pause after the agent could not carry out an action on its own host."""
MAX_STREAMS: Final = 16
"""Runs collected at the same time, and listed in a heartbeat."""
MAX_REFUSALS: Final = 32
MAX_DETAILS: Final = 1000
COPIED_HOST: Final = "copied-host"
"""The gateway's code for another running host with this host's key."""
ATTESTATION_REQUIRED: Final = "attestation-required"
"""The gateway's code if the host must attest before it opens a session."""
REPLY: Final = "a heartbeat's reply"
"""The name of an undecodable reply in a refusal."""
_MAX_REMEMBERED: Final = 256


class AgentSession:
    """Decides what the agent does next. ``known_sensors`` are the names of the built-in sensors."""

    def __init__(self, agent_id: str, known_sensors: Container[str]) -> None:
        self._agent_id = agent_id
        self._known_sensors = known_sensors
        self._session_id = ""
        self._session_until = 0.0
        self._counter = 0
        self._asked: Request | None = None
        self._nonce = ""
        self._to_attest = False
        self._rotating = Backoff()
        self._contact = Backoff()
        self._reopening = Backoff()
        """Sessions lost since a request last succeeded in one."""
        self._uploading = Backoff()
        self._uploads = Uploads()
        self._schedule = CollectionSchedule()
        self._local_from = 0.0
        self._trouble = ""
        self._copied = ""
        """The gateway's report of another host with this key; kept until the agent restarts, so that people see it."""
        self._interval = IDLE_SECONDS
        self._last_beat: float | None = None
        self._beat_factor = 1.0
        self._refusals: dict[Refusal, bool] = {}
        """Refusal to whether it has been reported to the service."""
        self._stopping = False
        self.refused = 0
        """Instructions refused since the agent started."""

    def step(self, event: Event, reading: ClockReading) -> tuple[Action, ...]:
        """Process one event and return the actions to carry out, in order."""
        if not isinstance(event, Tick):
            return tuple(self._take(event, reading))
        if not self._stopping and reading.monotonic >= self._local_from:
            due = self._schedule.due(reading)
            if due:
                return tuple(due)
        request = self._next_request(reading)
        self._asked = request
        if self._stopping and request is None:
            return (Exit(),)
        return (request,) if request else ()

    def wakes_at(self, reading: ClockReading) -> float:
        """Return when to step next if no event comes before, in monotonic seconds."""
        contact = max(self._contact.until, self._reopening.until)
        times = [max(contact, self._beat_due(reading)), max(self._local_from, self._schedule.wakes_at(reading))]
        if reading.rotation:
            times.append(max(contact, self._rotating.until))
        times.append(max(contact, self._upload_due(reading)))
        return max(reading.monotonic, min(times))

    def heartbeat_seconds(self, spool: SpoolView) -> int:
        """Return the current heartbeat interval."""
        return min(self._interval, COLLECTING_SECONDS) if collecting(spool) else self._interval

    def health(self, spool: SpoolView) -> tuple[AgentHealthCode, str]:
        """Return the health code and its details."""
        details = " ".join(part for part in (self._trouble, self._copied, _loss(spool)) if part)[:MAX_DETAILS]
        if self._stopping:
            return AgentHealthCode.SHUTDOWN, details
        if self._trouble:
            return AgentHealthCode.UNHEALTHY, details
        if self._uploading.throttled or self._contact.throttled:
            return AgentHealthCode.THROTTLED, details
        return (AgentHealthCode.RUNNING if collecting(spool) else AgentHealthCode.IDLE), details

    def _take(self, event: Answered | Failed | Collected | Trouble | Stopping, reading: ClockReading) -> list[Local]:
        match event:
            case Answered(reply=reply):
                return self._answered(reply, reading)
            case Failed(failure=failure):
                return self._failed(failure, reading)
            case Collected():
                self._schedule.collected(event, reading)
            case Trouble(sentence=sentence):
                self._trouble = sentence
                self._local_from = reading.monotonic + TROUBLE_SECONDS
            case Stopping():
                self._stopping = True
            case _:
                assert_never(event)
        return []

    # Requests

    def _next_request(self, reading: ClockReading) -> Request | None:
        if self._stopping:
            return self._farewell(reading)
        if not (self._contact.is_over(reading.monotonic) and self._reopening.is_over(reading.monotonic)):
            return None
        if self._nonce:
            nonce, self._nonce = self._nonce, ""
            return Attest(nonce=nonce) if self._to_attest else OpenSession(nonce=nonce)
        if not self._session_id or reading.monotonic >= self._session_until:
            return SendChallenge()
        if reading.monotonic >= self._beat_due(reading):
            return self._heartbeat(reading)
        if reading.rotation and self._rotating.is_over(reading.monotonic):
            return RotateKey(credentials=self._credentials())
        if reading.monotonic < self._upload_due(reading):
            return None
        return self._uploads.next_request(reading, self._credentials())

    def _farewell(self, reading: ClockReading) -> Request | None:
        """Return the last heartbeat, once, if there is a session to send it in."""
        if not self._session_id:
            return None
        heartbeat = self._heartbeat(reading)
        self._session_id = ""
        return heartbeat

    def _credentials(self) -> GatewayCredentials:
        self._counter += 1
        return GatewayCredentials(session_id=self._session_id, counter=self._counter)

    def _heartbeat(self, reading: ClockReading) -> SendHeartbeat:
        code, details = self.health(reading.spool)
        unreported = (refusal for refusal, reported in self._refusals.items() if not reported)
        return SendHeartbeat(
            credentials=self._credentials(),
            heartbeat=Heartbeat(
                host=reading.host,
                health_code=code,
                health_details=details,
                collecting=collecting(reading.spool)[:MAX_STREAMS],
                refusals=joined_refusals(unreported, MAX_REFUSALS),
                spool=reading.spool.report,
            ),
        )

    def _beat_due(self, reading: ClockReading) -> float:
        if self._last_beat is None:
            return reading.monotonic
        return self._last_beat + self._beat_factor * self.heartbeat_seconds(reading.spool)

    def _upload_due(self, reading: ClockReading) -> float:
        return max(self._uploading.until, self._local_from, self._uploads.ready_at(reading.spool))

    # Replies

    def _answered(self, reply: GatewayReply, reading: ClockReading) -> list[Local]:
        asked, self._asked = self._asked, None
        if not isinstance(asked, SendChallenge | OpenSession | Attest):
            # A nonce or a session proves nothing yet: a gateway that then refuses it must not cause a request loop.
            self._contact.succeed()
            self._reopening.succeed()
        match asked, reply:
            case SendHeartbeat(), HeartbeatReply():
                return self._beaten(asked, reply, reading)
            case SendEnvelope(), Receipt():
                return self._received(asked, reply, reading)
            case SendManifest(), ManifestReply():
                actions = self._uploads.answered(asked, reply, reading)
                if actions:
                    self._uploading.succeed()
                else:
                    self._uploading.fail(reading)
                return actions
            case _:
                self._admitted(asked, reply, reading)
                return []

    def _admitted(self, asked: Request | None, reply: GatewayReply, reading: ClockReading) -> None:
        """Process a reply about the host's identity. A reply to another request changes nothing."""
        match asked, reply:
            case SendChallenge(), Challenge(nonce=nonce):
                self._nonce = nonce
            case OpenSession(), Session():
                self._opened(reply, reading)
            case Attest(), Enrolment():
                self._to_attest = False
            case RotateKey(), KeyRotated():
                # Every session of the old key has ended.
                self._session_id = ""
                self._rotating.succeed()
            case _:
                pass

    def _opened(self, session: Session, reading: ClockReading) -> None:
        self._session_id = session.session_id
        self._counter = 0
        # The host's clock may be wrong: a session counts as at least two renewal periods long.
        left = (session.expires_at.timestamp() - reading.now.timestamp()) if session.expires_at.tzinfo else 0.0
        left = min(MAX_SESSION_SECONDS, max(left, 2 * RENEW_SECONDS))
        self._session_until = reading.monotonic + left - RENEW_SECONDS
        if self._last_beat is None:
            self._interval = max(MIN_HEARTBEAT_SECONDS, min(MAX_HEARTBEAT_SECONDS, session.heartbeat_seconds))

    def _beaten(self, sent: SendHeartbeat, reply: HeartbeatReply, reading: ClockReading) -> list[Local]:
        self._last_beat = reading.monotonic
        self._beat_factor = 1 - JITTER + 2 * JITTER * reading.random
        self._trouble = ""
        reported = sent.heartbeat.refusals
        # The last of a full list may stand for many.
        for refusal in self._refusals if len(reported) == MAX_REFUSALS else reported:
            self._refusals[refusal] = True
        if self._stopping:
            return []
        actions: list[Local] = []
        for raw in reply.instructions:
            actions += self._instruct(raw, reading, len(actions))
        return actions

    def _received(self, sent: SendEnvelope, receipt: Receipt, reading: ClockReading) -> list[Local]:
        actions = self._uploads.received(sent, receipt, reading.spool)
        if actions is None:
            self._uploading.fail(reading)
            self._trouble = "The gateway's receipt is not for what was sent."
            return []
        self._uploading.succeed()
        return actions

    def _failed(self, failure: Failure, reading: ClockReading) -> list[Local]:
        asked, self._asked = self._asked, None
        if isinstance(failure, Unreachable) and failure.stale:
            return []
        if isinstance(failure, Unauthorised):
            if failure.problem.code == COPIED_HOST:
                self._copied = printable_line(describe_failure(failure))
            self._session_id = ""
            if isinstance(asked, RotateKey | SendHeartbeat | SendEnvelope | SendManifest):
                self._lose_session(reading)
                return []
        if isinstance(asked, SendHeartbeat):
            self._refuse_reply(failure)
        if isinstance(asked, SendEnvelope | SendManifest):
            return self._upload_failed(asked, failure, reading)
        if isinstance(asked, RotateKey) and isinstance(failure, Refused | Throttled):
            self._pause(self._rotating, failure, reading)
            return []
        self._note_attestation(asked, failure)
        self._pause(self._contact, failure, reading)
        return []

    def _lose_session(self, reading: ClockReading) -> None:
        """Open a new session: at once the first time, because sessions end when the service restarts."""
        self._contact.succeed()
        if self._reopening.failures:
            self._reopening.fail(reading, limit=self._contact_limit(reading))
        else:
            self._reopening.failures = 1

    def _contact_limit(self, reading: ClockReading) -> float:
        """Return the longest wait between attempts to reach the gateway, in seconds."""
        return float(self.heartbeat_seconds(reading.spool))

    def _note_attestation(self, asked: Request | None, failure: Failure) -> None:
        if isinstance(asked, OpenSession) and isinstance(failure, Refused):
            self._to_attest = failure.problem.code == ATTESTATION_REQUIRED
        elif isinstance(failure, Unauthorised):
            # The key was refused, not the proof: the next session shows which key is valid.
            self._to_attest = False

    def _upload_failed(
        self, asked: SendEnvelope | SendManifest, failure: Failure, reading: ClockReading
    ) -> list[Local]:
        if isinstance(failure, Unreachable):
            self._pause(self._contact, failure, reading)
            return []
        if isinstance(failure, Refused) and failure.problem.code == NOT_YET:
            self._uploads.pause(asked.run_arn, reading)
            return []
        actions = self._uploads.refused(asked, failure) if isinstance(failure, Refused) else []
        if not actions:
            self._pause(self._uploading, failure, reading)
        return actions

    def _pause(self, backoff: Backoff, failure: Failure, reading: ClockReading) -> None:
        if isinstance(failure, Throttled):
            backoff.fail(reading, failure.retry_after, throttled=True)
        elif isinstance(failure, Unreachable):
            backoff.fail(reading, limit=self._contact_limit(reading))
        else:
            backoff.fail(reading)

    # Instructions

    def _instruct(self, raw: msgspec.Raw, reading: ClockReading, already: int) -> list[Local]:
        instruction = read_instruction(raw)
        match instruction:
            case Refusal():
                self._refuse(instruction)
            case StartCollection():
                return self._start(instruction, reading, already)
            case StopCollection():
                return self._stop(instruction, reading, already)
            case SetHeartbeatInterval(seconds=seconds):
                self._interval = seconds
            case Reattest():
                self._session_id = ""
            case _:
                assert_never(instruction)
        return []

    def _stop(self, stop: StopCollection, reading: ClockReading, already: int) -> list[Local]:
        opened = self._schedule.stop(stop, reading)
        if opened and stop.run_arn not in reading.spool.streams and self._is_full(reading, already):
            return self._refuse_run("stop-collection", stop.run_arn)
        return opened

    def _start(self, start: StartCollection, reading: ClockReading, already: int) -> list[Local]:
        if start.run_arn in reading.spool.streams:
            # Instructions are repeated until the stream is closed.
            return []
        order, refusals = read_start(start, self._known_sensors, reading.now)
        for refusal in refusals:
            self._refuse(refusal)
        if order is None:
            return []
        if self._is_full(reading, already):
            return self._refuse_run("start-collection", start.run_arn)
        self._schedule.ordered(order, reading)
        return [OpenStream(order=order)]

    def _is_full(self, reading: ClockReading, already: int) -> bool:
        """Return True if no more streams may be opened. ``already`` counts those that this reply has asked for."""
        return len(collecting(reading.spool)) + already >= MAX_STREAMS

    def _refuse_run(self, kind: str, run_arn: str) -> list[Local]:
        reason = f"this agent collects for {MAX_STREAMS} runs already"
        self._refuse(refusal_of(f"{kind} of {run_arn}", reason))
        return []

    def _refuse_reply(self, failure: Failure) -> None:
        """Count a heartbeat's reply that cannot be decoded: its instructions are refused."""
        if isinstance(failure, Unreachable) and failure.garbled:
            self._refuse(refusal_of(REPLY, failure.reason))
        elif isinstance(failure, Refused) and failure.problem.code == NOT_UNDERSTOOD:
            self._refuse(refusal_of(REPLY, failure.problem.message))

    def _refuse(self, refusal: Refusal) -> None:
        self.refused += 1
        if refusal not in self._refusals:
            while len(self._refusals) >= _MAX_REMEMBERED:
                del self._refusals[next(iter(self._refusals))]
            self._refusals[refusal] = False


def collecting(spool: SpoolView) -> tuple[str, ...]:
    """Return the runs whose streams are still open."""
    return tuple(arn for arn, stream in spool.streams.items() if stream.phase is not StreamPhase.OVER)


def _loss(spool: SpoolView) -> str:
    dropped = spool.report.envelopes_dropped
    return f"{dropped} envelopes of telemetry were lost since the agent started." if dropped else ""
