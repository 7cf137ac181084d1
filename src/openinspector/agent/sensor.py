"""Sensor: the agent part that collects one kind of telemetry."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from openinspector.agent.host import Host
from openinspector.model.record import Record
from openinspector.model.system_family import SystemFamily

LINUX: Final = frozenset({SystemFamily.LINUX})
WINDOWS: Final = frozenset({SystemFamily.WINDOWS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incomplete:
    """Something a sensor could not read. It is yielded among the records and becomes part of the sensor's status."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The host has nothing of the sensor's kind. It is the only thing the sensor yields."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Rights and access that a sensor needs to see everything. Without them, it sends what it can."""

    root: bool = False
    network: bool = False


class Trigger(Enum):
    """Condition under which a run collects from a sensor."""

    EVERY_RUN = auto()
    """Every run collects from it, on every host of its systems."""
    RULE = auto()
    """A run collects from it if one of its rules reads its records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One built-in sensor. ``collect`` yields records as it finds them and never raises because of a bad host."""

    name: str
    title: str
    records: tuple[type[Record], ...]
    """The only kinds of record ``collect`` yields."""
    collect: Callable[[Host], Iterator[Record | Incomplete | Absent]]
    trigger: Trigger
    systems: frozenset[SystemFamily]
    """The families it can read. On any other, it yields `Absent`."""
    needs: Needs = Needs()
    max_seconds: float = 120.0
    """Limit in real time. Sensors run at the lowest priority and take longer on a busy host."""
    max_records: int = 50_000
    max_bytes: int = 16 * 1024 * 1024
    """Limit on all its records together, as JSON before compression."""
