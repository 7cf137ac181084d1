"""Events: the inputs of the session's state machine."""

from dataclasses import dataclass, field
from datetime import datetime

from openinspector.agent.session.reply import Failure
from openinspector.agent.session.stream import SpoolView
from openinspector.model.agent import HostDescription
from openinspector.wire.message import (
    Challenge,
    Enrolment,
    HeartbeatReply,
    KeyRotated,
    ManifestReply,
    Receipt,
    Session,
)

GatewayReply = Challenge | Session | Enrolment | KeyRotated | HeartbeatReply | Receipt | ManifestReply


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """The world at one step: the only clock, randomness and state the machine sees."""

    now: datetime
    monotonic: float
    """Seconds that never go back."""
    random: float
    """From 0 up to, not including, 1; what jitter is made of."""
    host: HostDescription = HostDescription()
    spool: SpoolView = field(default_factory=SpoolView)
    rotation: bool = False
    """Whether a next host key waits to take the place of the one in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Nothing happened but time, or the last actions were carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The gateway's reply to the request that was last asked for."""

    reply: GatewayReply


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The request that was last asked for failed."""

    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A collection ended. ``whole`` is False where it was stopped or something of it could not be kept."""

    run_arn: str
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The agent could not carry out an action on its own host: the disk is full, the spool is not writable."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """The agent was asked to stop."""


Event = Tick | Answered | Failed | Collected | Trouble | Stopping
