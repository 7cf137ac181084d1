"""RefusedError: a refused request, with a stable code for agents and people."""

from enum import StrEnum

from openinspector.model.errors import OpenInspectorError


class RefusalCode(StrEnum):
    """Reason of a refusal; values are the wire's and never change their meaning."""

    MALFORMED_REQUEST = "malformed-request"
    """Invalid headers or parameters."""
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_SESSION = "unknown-session"
    """Expired, revoked, or older than the service's last start: open a new session."""
    STALE_CLOCK = "stale-clock"
    REPLAYED = "replayed"
    """The counter is not greater than the session's last one."""
    BAD_NONCE = "bad-nonce"
    """Unknown, expired or used: request a new challenge."""
    ENROLMENT_REFUSED = "enrolment-refused"
    UNKNOWN_AGENT = "unknown-agent"
    """Not enrolled, or revoked."""
    METHOD_OFF = "method-off"
    """This enrolment method is disabled: try another."""
    COPIED_HOST = "copied-host"
    """Another living host uses the same host key: one of the two is a copy."""
    REVOKED = "revoked"
    """The host key was revoked or replaced."""
    ATTESTATION_REQUIRED = "attestation-required"
    """The host must attest again before it opens a session."""
    ROTATION_REFUSED = "rotation-refused"
    OTHER_AGENT = "other-agent"
    """The message belongs to another agent than the session."""
    NOT_IN_RUN = "not-in-run"
    """The run does not exist, or the agent does not take part in it."""
    RUN_NOT_COLLECTING = "run-not-collecting"
    """The run no longer accepts telemetry: discard its spool."""
    STREAM_CLOSED = "stream-closed"
    """The stream is closed or the run's key was shredded: discard its spool."""
    DIGEST_CONFLICT = "digest-conflict"
    """Different content was stored under this number, or the manifest's chain differs."""
    BODY_TOO_LARGE = "body-too-large"
    UNSUPPORTED_MEDIA = "unsupported-media"
    INVALID_MESSAGE = "invalid-message"
    """The body does not decode as the endpoint requires, or does not match its digest."""
    THROTTLED = "throttled"
    """The session sends too many requests."""
    BUSY = "busy"
    """The service is overloaded, or its stores do not answer."""
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    INTERNAL = "internal"
    """A defect of the service; see its log."""


class RefusedError(OpenInspectorError):
    """A refused request; ``retry_after`` in seconds if a retry can succeed."""

    code: RefusalCode
    retry_after: int | None

    def __init__(self, code: RefusalCode, message: str, *, advice: str = "", retry_after: int | None = None) -> None:
        super().__init__(message, advice=advice)
        self.code = code
        self.retry_after = retry_after
