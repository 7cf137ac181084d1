"""Actions: the outputs of the session's state machine.

No action runs, reads or fetches anything that the service named beyond a built-in sensor.
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
    """Ask the gateway for a nonce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Open a session with a nonce."""

    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attest:
    """Prove the host's identity afresh, with a nonce."""

    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateKey:
    """Put the next host key in the place of the one in use."""

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
    """Ask for missing envelopes above this number."""


Request = SendChallenge | OpenSession | Attest | RotateKey | SendHeartbeat | SendEnvelope | SendManifest
"""At most one per step; the next event says what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStream:
    """Make a run's stream in the spool."""

    order: StreamOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCollecting:
    """Run a run's sensors once over the host, in the background; Collected follows."""

    run_arn: str
    sensors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCollecting:
    """Stop a run's collection as soon as may be; Collected follows."""

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
    """Note envelopes that the service does not take or misses for good."""

    run_arn: str
    seqs: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """Leave the loop. Spooled telemetry stays."""


Work = OpenStream | StartCollecting | StopCollecting | FinishStream | EndStream | Acknowledge | Lose
"""Carried out on this host."""
Local = Work | Exit
Action = Request | Local
