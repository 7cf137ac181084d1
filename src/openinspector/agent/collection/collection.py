"""One collection: each requested sensor runs once over the host, within limits, and ends with a status."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.hosts.timed_host import OverdueError, TimedHost
from openinspector.agent.sensor import Absent, Incomplete, Sensor
from openinspector.model.errors import WireError
from openinspector.model.inventory import MonitoringStart, SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.wire.codec import encode_json

AGENT: Final = "agent"
"""Sensor name of MonitoringStart."""
MAX_DETAILS: Final = 20
MAX_DETAIL_CHARACTERS: Final = 300
MAX_RECORD_BYTES: Final = 2 * 1024 * 1024
"""Half an envelope, so that even a record that does not compress fits into one."""

Clock = Callable[[], float]
"""Returns seconds that never decrease."""


def collect(
    sensors: Sequence[Sensor], host: Host, clock: Clock, *, agent_version: str, collection: int = 1
) -> Iterator[tuple[str, Record]]:
    """Yield (sensor name, record): one MonitoringStart, then the records and the SensorStatus of each sensor.

    A sensor that raises, exceeds its ``max_seconds``, ``max_records`` or ``max_bytes``, or yields a kind that it does
    not declare ends with a status that reports it. The next sensor runs nevertheless. The time limit is checked
    between records and at each call of the host. A read is never interrupted; the host bounds it.
    """
    names = tuple(sensor.name for sensor in sensors)
    yield AGENT, MonitoringStart(agent_version=agent_version, sensors=names, collection=collection)
    for sensor in sensors:
        for record in collect_one(sensor, host, clock):
            yield sensor.name, record


def collect_one(sensor: Sensor, host: Host, clock: Clock) -> Generator[Record, None, None]:
    """Yield one sensor's records and finally its SensorStatus; raise nothing."""
    tally = _Tally(started=clock())
    try:
        timed = TimedHost(host, clock, tally.started + sensor.max_seconds)
        with closing(_generator(sensor, timed)) as found:
            yield from _bounded(sensor, found, clock, tally)
    except OverdueError:
        tally.miss(_overdue(sensor))
    except OSError as error:
        tally.fail(f"The host refused: {_os_sentence(error)}.")
    except Exception as error:  # noqa: BLE001 - the collection continues after any defect of a sensor, and reports it
        tally.fail(f"The sensor failed: {type(error).__name__}: {error}")
    yield tally.status(sensor.name, clock())


@dataclass(slots=True)
class _Tally:
    """Progress of one sensor's collection."""

    started: float
    records: int = 0
    size: int = 0
    """Bytes of the records sent, as JSON."""
    absent: bool = False
    incomplete: bool = False
    failed: bool = False
    details: list[str] = field(default_factory=list)
    omitted: int = 0

    def miss(self, sentence: str) -> None:
        self.incomplete = True
        self.tell(sentence)

    def tell(self, sentence: str) -> None:
        if len(self.details) < MAX_DETAILS:
            self.details.append(_plain(sentence))
        else:
            self.omitted += 1

    def fail(self, sentence: str) -> None:
        self.failed = True
        self.details.insert(0, _plain(sentence))

    def status(self, sensor: str, now: float) -> SensorStatus:
        details = (*self.details, f"And {self.omitted} more.") if self.omitted else tuple(self.details)
        return SensorStatus(
            sensor=sensor,
            state=self._state(),
            records=self.records,
            details=details,
            duration_ms=max(0, round((now - self.started) * 1000)),
        )

    def _state(self) -> SensorState:
        if self.failed:
            return SensorState.FAILED
        if self.incomplete:
            return SensorState.PARTIAL
        return SensorState.NOT_APPLICABLE if self.absent and not self.records else SensorState.OK


def _generator(sensor: Sensor, host: Host) -> Generator[Record | Incomplete | Absent, None, None]:
    """Wrap the iterator that ``collect`` returns in a generator, so that it can be closed."""
    yield from sensor.collect(host)


def _bounded(
    sensor: Sensor, found: Iterator[Record | Incomplete | Absent], clock: Clock, tally: _Tally
) -> Iterator[Record]:
    for item in found:
        if isinstance(item, Incomplete):
            tally.miss(item.reason)
        elif isinstance(item, Absent):
            tally.absent = True
            tally.tell(item.reason)
        elif type(item) not in sensor.records:
            tally.fail(f"The sensor yielded a {type(item).__name__}, which it does not declare; it was not sent.")
        elif (size := _size(item)) > MAX_RECORD_BYTES:
            tally.miss(f"A {type(item).__name__} of {size} bytes was not sent: it is larger than {MAX_RECORD_BYTES}.")
        elif full := _full(sensor, tally, size):
            tally.miss(full)
            return
        else:
            tally.records += 1
            tally.size += size
            yield item
        if clock() - tally.started > sensor.max_seconds:
            tally.miss(_overdue(sensor))
            return


def _full(sensor: Sensor, tally: _Tally, size: int) -> str:
    """Return the sentence about the limit that a record of ``size`` bytes would exceed; empty if it fits."""
    if tally.records >= sensor.max_records:
        return f"Stopped after {sensor.max_records} records; the host has more."
    if tally.size + size > sensor.max_bytes:
        return f"Stopped before {sensor.max_bytes} bytes of records; the host has more."
    return ""


def _size(record: Record) -> int:
    try:
        return len(encode_json(record, "a record"))
    except WireError:  # text that is not Unicode; the sender omits and counts it
        return 0


def _overdue(sensor: Sensor) -> str:
    return f"Stopped after {sensor.max_seconds:g} seconds; the host may have more."


def _os_sentence(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def _plain(sentence: str) -> str:
    """Return ``sentence`` as one line of bounded length that any encoder takes."""
    line = " ".join(sentence.encode(errors="replace").decode().split())
    return line if len(line) <= MAX_DETAIL_CHARACTERS else line[: MAX_DETAIL_CHARACTERS - 1] + "…"
