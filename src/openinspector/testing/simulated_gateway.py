"""A small gateway over real TLS: verifies every signature, keeps received data, and misbehaves on request.

It is written from the protocol's description, independently of the service's code.
"""

import ssl
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from secrets import token_urlsafe
from threading import Condition
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from openinspector.model.errors import WireError
from openinspector.testing.background_server import BackgroundServer
from openinspector.testing.throwaway_authority import ThrowawayAuthority
from openinspector.testing.tls_server import ThreadingTlsServer
from openinspector.wire.codec import decode_batch
from openinspector.wire.envelope import EnvelopeHeader, chain_digest, decode_envelope
from openinspector.wire.message import (
    Challenge,
    Enrolment,
    EnrolmentRequest,
    Heartbeat,
    HeartbeatReply,
    KeyRotated,
    KeyRotation,
    Manifest,
    ManifestReply,
    Problem,
    Receipt,
    Session,
    SessionRequest,
)
from openinspector.wire.release import ReleaseReply, ReleaseReport, ReleaseRequest, ReportReceipt
from openinspector.wire.signature import SignedRequest, key_id, parse_headers
from openinspector.wire.telemetry import TelemetryMessage

TOKEN: Final = "simulated-join-token-0001"  # noqa: S105 - opens nothing but this simulator
AWS_AGENT: Final = "i-0123456789abcdef0"
MAX_BODY: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How to treat one request to an endpoint instead of answering it."""

    endpoint: str
    status: int = 0
    """Refuse with this HTTP status; 0 closes the connection without a reply."""
    code: str = "simulated"
    retry_after: str | None = None
    body: bytes | None = None
    """Reply with these bytes."""
    location: str | None = None
    """Redirect to this URL."""
    raw: Callable[[], Iterator[bytes]] | None = None
    """Send these bytes in place of a reply, for as long as they are taken, and close the connection."""
    after: bool = False
    """True to carry out the request first."""


class RefusalError(Exception):
    """A request the simulator refuses."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


@dataclass(slots=True)
class KeptStream:
    """The envelopes and manifest received for one run."""

    envelopes: dict[int, tuple[EnvelopeHeader, bytes]] = field(default_factory=dict)
    uploads: list[int] = field(default_factory=list)
    """Sequence numbers in upload order, with repetitions."""
    manifest: Manifest | None = None
    """The manifest that closed the stream."""

    @property
    def watermark(self) -> int:
        """Highest number n such that envelopes 1 to n are here."""
        return next(seq for seq in range(len(self.envelopes) + 1) if seq + 1 not in self.envelopes)

    def messages(self) -> tuple[TelemetryMessage, ...]:
        """Return every message in order."""
        return tuple(m for seq in sorted(self.envelopes) for m in decode_batch(self.envelopes[seq][1]).messages)


@dataclass(slots=True)
class _OpenSession:
    agent_id: str
    public_key: bytes
    counter: int = 0


class SimulatedGateway(BackgroundServer[ThreadingTlsServer]):
    """Use as a context manager; ``instructions`` go into every heartbeat's reply until they are replaced."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:  # noqa: PLR0915 - one line a dial of the simulator
        self.authority = ThrowawayAuthority(folder)
        self.instructions: tuple[bytes, ...] = ()
        self.faults: deque[Fault] = deque()
        self.misbehave: Callable[[str], Fault | None] = lambda _endpoint: None
        """Asked for each request without a fault of its own."""
        self.refused: list[str] = []
        """Codes of refusals that were not faults, in order."""
        self.openings: list[SessionRequest] = []
        """Every request for a session, in order."""
        self.heartbeats: list[Heartbeat] = []
        self.streams: dict[str, KeptStream] = {}
        self.agents: dict[str, bytes] = {}
        self.enrolments: list[EnrolmentRequest] = []
        self.methods = {"join_token"}
        """Ways of enrolment that are on; of the others it takes ``aws_instance``, whatever the evidence."""
        self.unproved: set[str] = set()
        """Agents that must attest again before they get a session."""
        self.revoked: set[str] = set()
        """Agents that get no session any more."""
        self.requests: list[str] = []
        """Every request's endpoint, in order."""
        self.connections = 0
        self.missing_limit = 1000
        """The most sequence numbers that one reply to a manifest lists."""
        self.heartbeat_seconds = 60
        self.on_message: Callable[[bytes], object] = lambda _message: None
        """Called with the raw headers and body of every request."""
        self.releases: Path | None = None
        """The folder served at ``/releases/``."""
        self.endless: set[str] = set()
        """Paths below ``/releases/`` whose response never ends."""
        self.fetched: list[str] = []
        """Paths requested below ``/releases/``, in order."""
        self.on_fetch: Callable[[str], object] = lambda _path: None
        """Called with each of them before it is answered."""
        self.redirect: str | None = None
        """Address to redirect every request below it to."""
        self.offered: str | None = None
        """The target that every host is offered."""
        self.reports: list[ReleaseReport] = []
        self.refuse_heartbeats = False
        """Whether heartbeats find the service busy."""
        self._nonces: set[str] = set()
        self._sessions: dict[str, _OpenSession] = {}
        self._changed = Condition()
        super().__init__(_Server(self, self.authority.server_context(host)))

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        """URL for agents."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        """The certificate authority that agents must trust."""
        return self.authority.ca_file

    def wait_for(self, what: Callable[[], object], seconds: float = 20.0) -> None:
        """Wait until ``what`` returns True, checked after each request; AssertionError on timeout."""
        with self._changed:
            if not self._changed.wait_for(what, timeout=seconds):
                raise AssertionError("the awaited condition did not occur")

    def present(self, context: ssl.SSLContext) -> None:
        """Use another TLS context for new connections."""
        self._server.context = context

    def end_sessions(self) -> None:
        """Forget every session, as a restarted service does."""
        self._sessions.clear()

    def stream(self, run_arn: str) -> KeptStream:
        """Return the envelopes and manifest received for a run."""
        return self.streams.setdefault(run_arn, KeptStream())

    # Called by the server

    def handle(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> msgspec.Struct:
        """Answer one request; RefusalError."""
        if endpoint == "challenge":
            nonce = token_urlsafe(24)
            self._nonces.add(nonce)
            return Challenge(nonce=nonce, expires_at=datetime.now(UTC) + timedelta(minutes=1))
        claim = self._claim(endpoint, headers, body)
        if endpoint == "enrolment":
            return self._enrol(claim, _decoded(body, EnrolmentRequest))
        if endpoint == "session":
            self.openings.append(_decoded(body, SessionRequest))
            return self._open(claim, self.openings[-1])
        agent_id = self._authenticated(claim)
        if endpoint == "rotation":
            return self._rotate(agent_id, claim, _decoded(body, KeyRotation))
        return self._serve(endpoint, agent_id, body)

    def _serve(self, endpoint: str, agent_id: str, body: bytes) -> msgspec.Struct:
        if endpoint == "heartbeat":
            return self._hear(_decoded(body, Heartbeat))
        if endpoint == "telemetry":
            return self._take(agent_id, body)
        if endpoint == "manifest":
            return self._close(_decoded(body, Manifest))
        if endpoint == "release":
            _decoded(body, ReleaseRequest)
            return ReleaseReply(target=self.offered)
        if endpoint == "release-report":
            self.reports.append(_decoded(body, ReleaseReport))
            return ReportReceipt(recorded=True)
        raise RefusalError(404, "not-found")

    def _hear(self, heartbeat: Heartbeat) -> HeartbeatReply:
        if self.refuse_heartbeats:
            raise RefusalError(503, "busy")
        self.heartbeats.append(heartbeat)
        return HeartbeatReply(instructions=tuple(msgspec.Raw(raw) for raw in self.instructions))

    def changed(self) -> None:
        """Wake waiting threads."""
        with self._changed:
            self._changed.notify_all()

    def take_fault(self, endpoint: str) -> Fault | None:
        """Return the fault meant for this request, once."""
        if self.faults and self.faults[0].endpoint == endpoint:
            return self.faults.popleft()
        return self.misbehave(endpoint)

    def _claim(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> SignedRequest:
        try:
            claim = parse_headers("POST", f"/agent/v1/{endpoint}", headers)
        except WireError as error:
            raise RefusalError(400, "malformed-request") from error
        if not claim.covers(body):
            raise RefusalError(401, "bad-signature")
        if not claim.is_fresh(int(datetime.now(UTC).timestamp())):
            raise RefusalError(401, "stale-clock")
        return claim

    def _enrol(self, claim: SignedRequest, request: EnrolmentRequest) -> Enrolment:
        self._use(request.nonce)
        _verify(claim, request.public_key)
        self.enrolments.append(request)
        if request.method == "aws_instance" and request.method in self.methods:
            agent_id = AWS_AGENT
            self.unproved.discard(agent_id)
        elif request.method not in self.methods:
            raise RefusalError(403, "method-off")
        elif request.evidence == {"token": TOKEN}:
            agent_id = f"host-{claim.key_id[:17]}"
        else:
            raise RefusalError(403, "enrolment-refused")
        self.agents[agent_id] = request.public_key
        return Enrolment(agent_id=agent_id)

    def _open(self, claim: SignedRequest, request: SessionRequest) -> Session:
        self._use(request.nonce)
        if request.agent_id in self.revoked:
            raise RefusalError(401, "revoked")
        public_key = self.agents.get(request.agent_id)
        if public_key is None:
            raise RefusalError(401, "unknown-agent")
        _verify(claim, public_key)
        if request.agent_id in self.unproved:
            raise RefusalError(403, "attestation-required")
        session_id = token_urlsafe(24)
        self._sessions[session_id] = _OpenSession(request.agent_id, public_key)
        return Session(
            session_id=session_id,
            expires_at=datetime.now(UTC) + timedelta(hours=1),
            heartbeat_seconds=self.heartbeat_seconds,
        )

    def _rotate(self, agent_id: str, claim: SignedRequest, request: KeyRotation) -> KeyRotated:
        new = key_id(request.public_key)
        statement = "\n".join(
            ["openinspector-key-rotation-v1", agent_id, claim.covered.session or "", claim.key_id, new]
        )
        try:
            Ed25519PublicKey.from_public_bytes(request.public_key).verify(request.proof, statement.encode())
        except InvalidSignature as error:
            raise RefusalError(403, "rotation-refused") from error
        self.agents[agent_id] = request.public_key
        self.end_sessions()
        return KeyRotated(key_id=new)

    def _use(self, nonce: str) -> None:
        if nonce not in self._nonces:
            raise RefusalError(401, "bad-nonce")
        self._nonces.remove(nonce)

    def _authenticated(self, claim: SignedRequest) -> str:
        session = self._sessions.get(claim.covered.session or "")
        if session is None:
            raise RefusalError(401, "unknown-session")
        _verify(claim, session.public_key)
        if (claim.covered.counter or 0) <= session.counter:
            raise RefusalError(401, "replayed")
        session.counter = claim.covered.counter or 0
        return session.agent_id

    def _take(self, agent_id: str, body: bytes) -> Receipt:
        header, plaintext = decode_envelope(body)
        if header.agent_id != agent_id:
            raise RefusalError(403, "other-agent")
        stream = self.stream(header.run_arn)
        if stream.manifest is not None:
            raise RefusalError(409, "stream-closed")
        stream.uploads.append(header.seq)
        held = stream.envelopes.setdefault(header.seq, (header, plaintext))
        if held[0].digest != header.digest:
            raise RefusalError(409, "digest-conflict")
        return Receipt(
            run_arn=header.run_arn,
            stream=header.stream,
            seq=header.seq,
            digest=header.digest,
            watermark=stream.watermark,
        )

    def _close(self, manifest: Manifest) -> ManifestReply:
        stream = self.stream(manifest.run_arn)
        missing = [seq for seq in range(1, manifest.count + 1) if seq not in stream.envelopes]
        if len(missing) > manifest.dropped - manifest.unnumbered:
            listed = [seq for seq in missing if seq > manifest.after] or missing
            return ManifestReply(closed=False, missing=tuple(listed[: self.missing_limit]))
        if manifest.chain != chain_digest(stream.envelopes[seq][0].digest for seq in sorted(stream.envelopes)):
            raise RefusalError(409, "digest-conflict")
        stream.manifest = manifest
        return ManifestReply(closed=True)


class _Server(ThreadingTlsServer):
    def __init__(self, gateway: SimulatedGateway, context: ssl.SSLContext) -> None:
        super().__init__(_Handler, context)
        self.gateway = gateway

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Count the connection."""
        self.gateway.connections += 1
        super().finish_request(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        """Answer, refuse or misbehave."""
        assert isinstance(self.server, _Server)
        gateway = self.server.gateway
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), MAX_BODY))
        endpoint = self.path.removeprefix("/agent/v1/")
        gateway.requests.append(endpoint)
        gateway.on_message(bytes(self.headers) + body)
        fault = gateway.take_fault(endpoint)
        if fault is None or fault.after:
            self._answer(gateway, endpoint, body, send=fault is None)
        if fault is not None:
            self._misbehave(fault)
        gateway.changed()

    def do_GET(self) -> None:
        """Serve a file of the releases."""
        assert isinstance(self.server, _Server)
        gateway = self.server.gateway
        name = self.path.removeprefix("/releases/")
        gateway.fetched.append(name)
        gateway.on_fetch(name)
        path = (gateway.releases or Path("/nonexistent")) / name
        if gateway.redirect:
            self._send(302, b"", {"Location": gateway.redirect + name})
        elif name in gateway.endless:
            self._send_endless()
        elif path.is_file():
            self._send(200, path.read_bytes())
        else:
            self._send(404, b"")
        self.close_connection = True

    def _send_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b" " * 65536)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Log nothing."""
        del format, args

    def _answer(self, gateway: SimulatedGateway, endpoint: str, body: bytes, *, send: bool) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            status, reply = 200, gateway.handle(endpoint, headers, body)
        except RefusalError as refused:
            gateway.refused.append(refused.code)
            status, reply = refused.status, Problem(code=refused.code, message="refused by the simulator")
        if send:
            self._send(status, msgspec.json.encode(reply))

    def _misbehave(self, fault: Fault) -> None:
        if fault.raw is not None:
            with suppress(OSError):
                self.wfile.writelines(fault.raw())
        if fault.raw is not None or (fault.status == 0 and fault.body is None):
            self.close_connection = True
            return
        body = msgspec.json.encode(Problem(code=fault.code, message="a fault of the simulator"))
        headers = {"Retry-After": fault.retry_after, "Location": fault.location}
        set_headers = {name: value for name, value in headers.items() if value is not None}
        self._send(fault.status or 200, body if fault.body is None else fault.body, set_headers)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _verify(claim: SignedRequest, public_key: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(claim.signature, claim.base)
    except InvalidSignature as error:
        raise RefusalError(401, "bad-signature") from error
    if claim.key_id != key_id(public_key):
        raise RefusalError(401, "bad-signature")


def _decoded(body: bytes, kind: type[msgspec.Struct]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise RefusalError(422, "invalid-message") from error
