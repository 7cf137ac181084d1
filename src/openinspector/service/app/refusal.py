"""RefusedError: a request that is not carried out, with a stable code that agents and people can act on."""

from enum import StrEnum

from openinspector.model.errors import OpenInspectorError


class RefusalCode(StrEnum):
    """Why the gateway refuses; the value is the wire's and never changes its meaning."""

    MALFORMED_REQUEST = "malformed-request"
    """Headers or parameters that cannot be read."""
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_SESSION = "unknown-session"
    """Expired, of an agent that was revoked, or of before the service restarted: open a new one."""
    STALE_CLOCK = "stale-clock"
    REPLAYED = "replayed"
    """The counter is not above the last one of the session."""
    BAD_NONCE = "bad-nonce"
    """Unknown, expired or used: ask for a new challenge."""
    ENROLMENT_REFUSED = "enrolment-refused"
    UNKNOWN_AGENT = "unknown-agent"
    """Not enrolled, or revoked."""
    METHOD_OFF = "method-off"
    """This way of enrolment is not on: try another."""
    COPIED_HOST = "copied-host"
    """Another living host uses the same host key: one of the two is a copy."""
    REVOKED = "revoked"
    """The host key was revoked, or replaced by another."""
    ATTESTATION_REQUIRED = "attestation-required"
    """Before it gets a session, the host is to prove its identity afresh."""
    ROTATION_REFUSED = "rotation-refused"
    OTHER_AGENT = "other-agent"
    """The message is of another agent than the session."""
    NOT_IN_RUN = "not-in-run"
    """There is no such run, or the agent takes no part in it."""
    RUN_NOT_COLLECTING = "run-not-collecting"
    """The run takes no telemetry any more: discard what is spooled for it."""
    STREAM_CLOSED = "stream-closed"
    """The stream is closed or the run's key was shredded: discard what is spooled for it."""
    DIGEST_CONFLICT = "digest-conflict"
    """Another content was stored under this number, or the manifest's chain differs."""
    BODY_TOO_LARGE = "body-too-large"
    UNSUPPORTED_MEDIA = "unsupported-media"
    INVALID_MESSAGE = "invalid-message"
    """The body does not decode to what the endpoint takes, or does not match its digest."""
    THROTTLED = "throttled"
    """This session asks too often."""
    BUSY = "busy"
    """The service has all hands full, or its stores do not answer."""
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    INTERNAL = "internal"
    """A defect of the service; its log says more."""


class RefusedError(OpenInspectorError):
    """A request refused; ``retry_after`` in seconds where it is worth trying again."""

    code: RefusalCode
    retry_after: int | None

    def __init__(self, code: RefusalCode, message: str, *, advice: str = "", retry_after: int | None = None) -> None:
        super().__init__(message, advice=advice)
        self.code = code
        self.retry_after = retry_after
