"""Sensor: the agent part that collects one kind of telemetry."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from openinspector.agent.host import Host
from openinspector.model.facts import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Incomplete:
    """Something a sensor could not read; yielded among its records, ends up in its status."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The host has nothing of the sensor's kind; yielded alone."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a sensor needs to see everything; without it, it sends what it can."""

    root: bool = False
    network: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One built-in sensor. ``collect`` yields records as they are found and never raises for a bad host."""

    name: str
    title: str
    records: tuple[type[Record], ...]
    """The only kinds ``collect`` yields."""
    collect: Callable[[Host], Iterator[Record | Incomplete | Absent]]
    needs: Needs = Needs()
    max_seconds: float = 120.0
    """Of real time: sensors run at the lowest priority, so a busy host takes its time."""
    max_records: int = 50_000
    max_bytes: int = 16 * 1024 * 1024
    """Of all its records together, as JSON before compression."""
