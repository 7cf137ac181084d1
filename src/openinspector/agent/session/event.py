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
    """Clock, randomness and host state at one step; the machine sees no others."""

    now: datetime
    monotonic: float
    """Seconds that never go back."""
    random: float
    """In [0, 1), for jitter."""
    host: HostDescription = HostDescription()
    spool: SpoolView = field(default_factory=SpoolView)
    rotation: bool = False
    """True if a next host key waits to replace the current one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time has passed, or the last actions were carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The gateway's reply to the last request."""

    reply: GatewayReply


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The last request failed."""

    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A collection ended. ``whole`` is False if it was stopped or not all of it could be spooled."""

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
