"""Facts of one host, built from its telemetry messages in the order they were collected.

- A collection of a sensor is finished by its SensorStatus; only the newest finished one of each sensor counts.
- A new MonitoringStart gives up what is unfinished.
- A status that claims more records than arrived finishes nothing: an older whole collection stands. Where there is
  none, what did arrive counts, and the sensor's state becomes PARTIAL, so that absence proves nothing.
- A message that cannot be decoded is counted in `HostFacts.undecoded` and is missing from its sensor's records.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from openinspector.model.errors import WireError
from openinspector.model.facts import HostFacts
from openinspector.model.inventory import MonitoringStart, SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.wire.codec import decode_message
from openinspector.wire.telemetry import TelemetryMessage

_WHOLE = (SensorState.OK, SensorState.NOT_APPLICABLE)


def build_facts(agent_id: str, messages: Iterable[TelemetryMessage]) -> HostFacts:
    """Return what ``messages`` say of one host; raises nothing, whatever the host sent."""
    snapshots = _Snapshots()
    for message in messages:
        snapshots.take(message)
    return snapshots.facts(agent_id)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    status: SensorStatus
    records: tuple[Record, ...]
    whole: bool


@dataclass(slots=True)
class _Snapshots:
    """What each sensor has finished and what it has begun."""

    start: MonitoringStart | None = None
    finished: dict[str, _Snapshot] = field(default_factory=dict)
    begun: dict[str, list[Record]] = field(default_factory=dict)
    undecoded: int = 0

    def take(self, message: TelemetryMessage) -> None:
        try:
            record = decode_message(message)
        except WireError:
            self.undecoded += 1
            return
        if isinstance(record, MonitoringStart):
            self.start = record
            self.begun.clear()
        elif not isinstance(record, SensorStatus):
            self.begun.setdefault(message.sensor, []).append(record)
        elif record.sensor == message.sensor:
            self.finish(record)
        else:
            # A sensor speaks for itself only.
            self.undecoded += 1

    def finish(self, status: SensorStatus) -> None:
        records = tuple(self.begun.pop(status.sensor, ()))
        older = self.finished.get(status.sensor)
        whole = len(records) >= status.records
        if not whole and older is not None and older.whole:
            return
        if not whole:
            status = _lessened(status, len(records))
        self.finished[status.sensor] = _Snapshot(status, records, whole)

    def facts(self, agent_id: str) -> HostFacts:
        records: dict[type[object], list[Record]] = {}
        for sensor in sorted(self.finished):
            for record in self.finished[sensor].records:
                records.setdefault(type(record), []).append(record)
        if self.start is not None:
            records[MonitoringStart] = [self.start]
        return HostFacts(
            agent_id=agent_id,
            records={kind: tuple(found) for kind, found in records.items()},
            sensors={sensor: snapshot.status for sensor, snapshot in sorted(self.finished.items())},
            undecoded=self.undecoded,
        )


def _lessened(status: SensorStatus, arrived: int) -> SensorStatus:
    detail = f"{arrived} of {status.records} records arrived."
    state = SensorState.PARTIAL if status.state in _WHOLE else status.state
    return replace(status, state=state, details=(detail, *status.details))
