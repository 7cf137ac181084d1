"""Actions: the outputs of the session's state machine.

No action runs, reads or fetches anything that the service names, except a built-in sensor.
"""

from dataclasses import dataclass

from openinspector.agent.session.stream import StreamOrder
from openinspector.wire.message import Heartbeat


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCredentials:
    """The credentials of a request in a session: the session's id, and a number that was never used in it."""

    session_id: str
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendChallenge:
    """Request a nonce from the gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Open a session with a nonce."""

    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attest:
    """Attest the host's identity again, with a nonce."""

    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateKey:
    """Replace the current host key with the next one."""

    credentials: GatewayCredentials


@dataclass(frozen=True, slots=True, kw_only=True)
class SendHeartbeat:
    """Send a heartbeat."""

    credentials: GatewayCredentials
    heartbeat: Heartbeat


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEnvelope:
    """Send one spooled envelope."""

    credentials: GatewayCredentials
    run_arn: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendManifest:
    """Send the manifest of a finished stream."""

    credentials: GatewayCredentials
    run_arn: str
    after: int = 0
    """Request missing envelopes above this number."""


Request = SendChallenge | OpenSession | Attest | RotateKey | SendHeartbeat | SendEnvelope | SendManifest
"""At most one per step; the next event is its outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStream:
    """Create a run's stream in the spool."""

    order: StreamOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCollecting:
    """Run a run's sensors once over the host, in the background; Collected follows."""

    run_arn: str
    sensors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCollecting:
    """Stop a run's collection as soon as possible; Collected follows."""

    run_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishStream:
    """Add nothing more to a run's stream."""

    run_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndStream:
    """Remove a run's stream from the spool; ``reason`` is for the log."""

    run_arn: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Remove a run's envelopes up to the watermark."""

    run_arn: str
    watermark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lose:
    """Record envelopes as lost: the service refuses them, or misses them and they were deleted."""

    run_arn: str
    seqs: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """Leave the loop. Spooled telemetry is kept."""


Work = OpenStream | StartCollecting | StopCollecting | FinishStream | EndStream | Acknowledge | Lose
"""Carried out on this host."""
Local = Work | Exit
Action = Request | Local
