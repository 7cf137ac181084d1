"""Streams as the session sees them: one per run, from the instruction that opens it until it is closed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from openinspector.wire.message import RunArnText, SpoolReport

STREAM: Final = "collection"
"""The only stream of an agent in a run."""


class StreamPhase(StrEnum):
    """Phase in the life of a stream."""

    OPEN = "OPEN"
    """Its sensors are running."""
    FINISHED = "FINISHED"
    """Nothing is added. The spooled envelopes are sent, then the manifest."""
    OVER = "OVER"
    """Closed or discarded. Remembered, so that a repeated instruction does not open it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOrder:
    """The part of StartCollection that survives a restart."""

    run_arn: RunArnText
    sensors: tuple[str, ...]
    """Known sensors only."""
    ends_at: Annotated[datetime, msgspec.Meta(tz=True)]
    close_when_collected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamView:
    """One stream at one moment."""

    order: StreamOrder
    phase: StreamPhase
    count: int
    """Highest sequence number used."""
    pending: tuple[int, ...]
    """Sequence numbers still on disk, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolView:
    """The spool at one moment."""

    streams: Mapping[str, StreamView] = field(default_factory=lambda: MappingProxyType({}))
    """By run ARN."""
    report: SpoolReport = SpoolReport()
