"""The gateway's requests as calls: signed with the host key, replies decoded strictly."""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from openinspector.agent.connection.transport import JSON, OCTETS, GatewayTransport
from openinspector.agent.identity import HostKey
from openinspector.agent.session.action import GatewayCredentials
from openinspector.agent.session.reply import NOT_UNDERSTOOD, Accepted, Failure, Refused
from openinspector.model.errors import WireError
from openinspector.wire.codec import decode_json, encode_json
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
from openinspector.wire.signature import Covered, content_digest, is_session_id, render_headers, signature_base

PREFIX: Final = "/agent/v1/"

_CHALLENGE: Final = msgspec.json.Decoder(Challenge)
_ENROLMENT: Final = msgspec.json.Decoder(Enrolment)
_SESSION: Final = msgspec.json.Decoder(Session)
_HEARTBEAT: Final = msgspec.json.Decoder(HeartbeatReply)
_ROTATED: Final = msgspec.json.Decoder(KeyRotated)
_RECEIPT: Final = msgspec.json.Decoder(Receipt)
_MANIFEST: Final = msgspec.json.Decoder(ManifestReply)
_RELEASE: Final = msgspec.json.Decoder(ReleaseReply)
_REPORTED: Final = msgspec.json.Decoder(ReportReceipt)

T = TypeVar("T", bound=msgspec.Struct)


class GatewayClient:
    """Makes requests of one host. ``unix_time`` returns the time for signatures."""

    def __init__(self, transport: GatewayTransport, key: HostKey, unix_time: Callable[[], float]) -> None:
        self._transport = transport
        self._key = key
        self._unix_time = unix_time

    def on_progress(self, tell: Callable[[], object]) -> None:
        """Call ``tell`` whenever bytes of a request or reply have been transferred."""
        self._transport.on_progress = tell

    def challenge(self) -> Challenge | Failure:
        """Ask for a nonce."""
        reply = self._transport.post(f"{PREFIX}challenge", b"", {"content-type": JSON, "accept": JSON})
        return _decoded(reply, _CHALLENGE, "challenge") if isinstance(reply, Accepted) else reply

    def enrol(self, request: EnrolmentRequest) -> Enrolment | Failure:
        """Enrol the host's key."""
        return self._send("enrolment", encode_json(request, "an enrolment"), None, _ENROLMENT)

    def open_session(self, request: SessionRequest) -> Session | Failure:
        """Open a session."""
        session = self._send("session", encode_json(request, "a session request"), None, _SESSION)
        if isinstance(session, Session) and not is_session_id(session.session_id):
            return _not_understood("session")
        return session

    def sign_with(self, key: HostKey) -> None:
        """Sign later requests with another host key."""
        self._key = key

    def rotate_key(self, credentials: GatewayCredentials, rotation: KeyRotation) -> KeyRotated | Failure:
        """Replace the current host key."""
        return self._send("rotation", encode_json(rotation, "a key rotation"), credentials, _ROTATED)

    def heartbeat(self, credentials: GatewayCredentials, heartbeat: Heartbeat) -> HeartbeatReply | Failure:
        """Send a heartbeat."""
        return self._send("heartbeat", encode_json(heartbeat, "a heartbeat"), credentials, _HEARTBEAT)

    def upload(self, credentials: GatewayCredentials, envelope: bytes) -> Receipt | Failure:
        """Send one envelope."""
        return self._send("telemetry", envelope, credentials, _RECEIPT)

    def close_stream(self, credentials: GatewayCredentials, manifest: Manifest) -> ManifestReply | Failure:
        """Send a stream's manifest."""
        return self._send("manifest", encode_json(manifest, "a manifest"), credentials, _MANIFEST)

    def offered_release(self, credentials: GatewayCredentials, request: ReleaseRequest) -> ReleaseReply | Failure:
        """Request the release that this host is offered."""
        return self._send("release", encode_json(request, "a release request"), credentials, _RELEASE)

    def report_release(self, credentials: GatewayCredentials, report: ReleaseReport) -> ReportReceipt | Failure:
        """Report the result of an update."""
        return self._send("release-report", encode_json(report, "a release report"), credentials, _REPORTED)

    def _send(
        self, endpoint: str, body: bytes, credentials: GatewayCredentials | None, decoder: msgspec.json.Decoder[T]
    ) -> T | Failure:
        covered = Covered(
            method="POST",
            path=f"{PREFIX}{endpoint}",
            content_digest=content_digest(body),
            session=credentials.session_id if credentials else None,
            counter=credentials.counter if credentials else None,
        )
        created = int(self._unix_time())
        signature = self._key.sign(signature_base(covered, created, self._key.id))
        headers = render_headers(covered, created, self._key.id, signature)
        headers |= {"content-type": OCTETS if endpoint == "telemetry" else JSON, "accept": JSON}
        reply = self._transport.post(covered.path, body, headers)
        return _decoded(reply, decoder, endpoint) if isinstance(reply, Accepted) else reply


def _decoded(reply: Accepted, decoder: msgspec.json.Decoder[T], endpoint: str) -> T | Failure:
    try:
        return decode_json(reply.body, decoder, "the reply")
    except WireError:
        return _not_understood(endpoint)


def _not_understood(endpoint: str) -> Refused:
    return Refused(
        status=200,
        problem=Problem(
            code=NOT_UNDERSTOOD,
            message=f"the reply to {endpoint} is not what this agent understands",
            advice="Agent and service must speak the same version of the protocol; is a proxy answering instead?",
        ),
    )
