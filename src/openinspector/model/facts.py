"""HostFacts: the facts about one host, built from decoded telemetry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from openinspector.model.inventory import OperatingSystem, SensorState, SensorStatus
from openinspector.model.record import Record

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """One typed view of one host.

    ``records`` holds the newest whole snapshot of each kind; ``sensors`` how each sensor's collection ended.
    """

    agent_id: str
    records: Mapping[type[object], tuple[Record, ...]] = field(default_factory=dict)
    sensors: Mapping[str, SensorStatus] = field(default_factory=dict)
    undecoded: int = 0
    """Messages that could not be decoded; their sensors' snapshots lack them."""

    def all(self, kind: type[R]) -> tuple[R, ...]:
        """Return every record of ``kind``, in the order collected."""
        return self.records.get(kind, ())  # type: ignore[return-value]  # keyed by type: the values are R

    def only(self, kind: type[R]) -> R | None:
        """Return the one record of ``kind``, or None if the host sent none."""
        found = self.all(kind)
        return found[0] if found else None

    def complete(self, sensor: str) -> bool:
        """Return True if ``sensor`` read everything; otherwise absence proves nothing."""
        status = self.sensors.get(sensor)
        return status is not None and status.state in (SensorState.OK, SensorState.NOT_APPLICABLE)

    @property
    def distribution(self) -> str:
        """``<ID>:<VERSION_ID>`` of the host, such as ``debian:12``; empty if unknown.

        A release without a VERSION_ID is named by its code name: ``debian:forky``.
        """
        system = self.only(OperatingSystem)
        return f"{system.id}:{system.version_id or system.codename}" if system else ""
