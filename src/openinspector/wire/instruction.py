"""Instructions: the closed set of actions that a service can request from an agent (agent-security.md section 2).

No kind executes, reads a path or fetches a URL named by the service. An unknown kind, sensor or field is refused,
counted and reported in the next heartbeat.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from openinspector.wire.pattern import END

MIN_HEARTBEAT_SECONDS = 5
MAX_HEARTBEAT_SECONDS = 300

RunArnText = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
SensorName = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[a-z][a-z0-9_]*" + END)]


class _Instruction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


class StartCollection(_Instruction, frozen=True, kw_only=True, tag="start-collection"):
    """Switch the named built-in sensors on for a run."""

    run_arn: RunArnText
    sensors: Annotated[tuple[SensorName, ...], msgspec.Meta(min_length=1, max_length=64)]
    ends_at: datetime
    """When to stop collecting at the latest; with a time zone."""
    close_when_collected: bool
    """Close the stream after one complete collection instead of at the end of the run's duration."""


class StopCollection(_Instruction, frozen=True, kw_only=True, tag="stop-collection"):
    """Switch a run's sensors off, send the spool, close the stream; discard everything if ``discard``."""

    run_arn: RunArnText
    discard: bool


class SetHeartbeatInterval(_Instruction, frozen=True, kw_only=True, tag="set-heartbeat-interval"):
    """Send a heartbeat every ``seconds``, plus jitter."""

    seconds: Annotated[int, msgspec.Meta(ge=MIN_HEARTBEAT_SECONDS, le=MAX_HEARTBEAT_SECONDS)]


class Reattest(_Instruction, frozen=True, kw_only=True, tag="re-attest"):
    """Open a new session."""


Instruction = StartCollection | StopCollection | SetHeartbeatInterval | Reattest
