"""Facts of one host, built from its telemetry messages in the order they were collected.

- A collection of a sensor is finished by its SensorStatus; only the newest finished one of each sensor counts.
- A new MonitoringStart discards unfinished collections.
- A status that claims more records than arrived finishes nothing: an older complete collection stays. Without one, the
  records that arrived are used, and the sensor's state becomes PARTIAL, so that absence proves nothing.
- A message that cannot be decoded is counted in `HostFacts.undecoded` and is missing from its sensor's records.
- Memory is bounded, whatever the host sends: superseded collections are dropped as they are replaced.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from openinspector.model.errors import WireError
from openinspector.model.facts import HostFacts
from openinspector.model.foreign_text import printable_line
from openinspector.model.inventory import MonitoringStart, Package, SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.wire.codec import decode_message, message_size
from openinspector.wire.telemetry import TelemetryMessage

MAX_HELD_BYTES: Final = 64 * 1024 * 1024
"""Payload of the newest collections of all sensors. A host with 3,000 packages and 300 processes sends 2 MB."""
MAX_HELD_RECORDS: Final = 500_000

_PACKAGE: Final = Package.__name__
_MAX_REMEMBERED: Final = 200_000
_MAX_REMEMBERED_BYTES: Final = 2048
"""A longer payload is decoded for each host: hosts choose how much is remembered. An ordinary one has 200 bytes."""
_WHOLE = (SensorState.OK, SensorState.NOT_APPLICABLE)


class FactsTooLargeError(WireError):
    """A host sent more than the limit per host."""


class PackageMemory:
    """Packages by the bytes that hosts sent: the packages that a fleet has in common are decoded once, into one object.

    Evaluation recognises such objects without comparing them (`openinspector.engine.fleet`). May be used from any
    thread.
    """

    def __init__(self) -> None:
        self._records: dict[bytes, Record] = {}

    def decode(self, message: TelemetryMessage) -> Record:
        """Return the record of a message, with printable texts; WireError as `decode_message`."""
        payload = bytes(message.payload)
        if message.kind != _PACKAGE or len(payload) > _MAX_REMEMBERED_BYTES:
            return _printable(decode_message(message), payload)
        record = self._records.get(payload)
        if record is None:
            record = _printable(decode_message(message), payload)
            if len(self._records) >= _MAX_REMEMBERED:
                self._records = {}
            self._records[payload] = record
        return record


def build_facts(
    agent_id: str, messages: Iterable[TelemetryMessage], packages: PackageMemory | None = None
) -> HostFacts:
    """Return the facts of one host; FactsTooLargeError if there are too many to hold.

    Raises nothing else. Messages are consumed one at a time. Hosts that share ``packages`` also share equal
    packages as objects.
    """
    snapshots = _Snapshots(packages or PackageMemory())
    for message in messages:
        snapshots.take(message)
    return snapshots.facts(agent_id)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    status: SensorStatus
    records: tuple[Record, ...]
    size: int
    """Bytes of payload, with the status."""
    whole: bool


@dataclass(slots=True)
class _Begun:
    """The records that a sensor has sent since its last status."""

    records: list[Record] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class _Snapshots:
    """The finished and the unfinished collection of each sensor."""

    packages: PackageMemory
    start: MonitoringStart | None = None
    finished: dict[str, _Snapshot] = field(default_factory=dict)
    begun: dict[str, _Begun] = field(default_factory=dict)
    held_records: int = 0
    held_bytes: int = 0
    undecoded: int = 0

    def take(self, message: TelemetryMessage) -> None:
        try:
            record = self.packages.decode(message)
        except WireError:
            self.undecoded += 1
            return
        size = message_size(message)
        if isinstance(record, MonitoringStart):
            self.start = record
            self.give_up()
        elif not isinstance(record, SensorStatus):
            begun = self.begun.setdefault(message.sensor, _Begun())
            begun.records.append(record)
            begun.size += size
            self.hold(1, size)
        elif record.sensor == message.sensor:
            self.finish(record, size)
        else:
            # A sensor may report only its own status.
            self.undecoded += 1

    def hold(self, records: int, size: int) -> None:
        """Count records that are now held, or no longer held (negative)."""
        self.held_records += records
        self.held_bytes += size
        if self.held_records > MAX_HELD_RECORDS or self.held_bytes > MAX_HELD_BYTES:
            raise FactsTooLargeError(
                f"a host's newest collections hold more than {MAX_HELD_RECORDS} records or {MAX_HELD_BYTES} bytes"
            )

    def give_up(self) -> None:
        """Drop unfinished collections."""
        for begun in self.begun.values():
            self.hold(-len(begun.records), -begun.size)
        self.begun.clear()

    def finish(self, status: SensorStatus, size: int) -> None:
        begun = self.begun.pop(status.sensor, _Begun())
        older = self.finished.get(status.sensor)
        arrived = len(begun.records)
        whole = arrived >= status.records
        if not whole and older is not None and older.whole:
            self.hold(-arrived, -begun.size)
            return
        if older is not None:
            self.hold(-len(older.records) - 1, -older.size)
        self.hold(1, size)
        if not whole:
            status = _lessened(status, arrived)
        self.finished[status.sensor] = _Snapshot(status, tuple(begun.records), begun.size + size, whole)

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


def _printable(record: Record, payload: bytes) -> Record:
    """Return a record with every text in it as one printable line: a line feed would forge a line of a finding."""
    # In JSON, unsafe characters are either escaped or not ASCII.
    if b"\\" not in payload and payload.isascii() and b"\x7f" not in payload:
        return record
    return msgspec.convert(_printable_value(msgspec.to_builtins(record)), type(record))


def _printable_value(value: object) -> object:
    match value:
        case str():
            return printable_line(value)
        case list() | tuple():
            return [_printable_value(one) for one in value]
        case dict():
            return {_printable_value(key): _printable_value(one) for key, one in value.items()}
        case _:
            return value


def _lessened(status: SensorStatus, arrived: int) -> SensorStatus:
    detail = f"{arrived} of {status.records} records arrived."
    state = SensorState.PARTIAL if status.state in _WHOLE else status.state
    return replace(status, state=state, details=(detail, *status.details))
