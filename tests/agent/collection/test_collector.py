import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

import pytest

from openinspector.agent.collection.collector import Collector
from openinspector.agent.session.event import Collected, Event, Tick, Trouble
from openinspector.agent.session.stream import StreamOrder
from openinspector.agent.spool.spool import Spool, SpoolLimits
from openinspector.model.errors import SensorError
from openinspector.model.inventory import Group, MonitoringStart, SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.wire.codec import decode_batch, decode_message, encode_record
from openinspector.wire.envelope import decode_envelope
from openinspector.wire.telemetry import TelemetryMessage

RUN = "run"
SECONDS = 20


class Bench:
    """A collector over a real spool, fed with records of the test's choice."""

    def __init__(self, folder: Path, spool_bytes: int = 2**24) -> None:
        limits = SpoolLimits(bytes=spool_bytes, age=timedelta(days=1))
        self.spool = Spool(folder, "host-" + "0" * 17, limits)
        self.spool.open(
            StreamOrder(run_arn=RUN, sensors=("one",), ends_at=datetime.now(UTC), close_when_collected=False)
        )
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.found: Callable[[Callable[[], bool]], Iterator[tuple[str, Record]]] = lambda _: iter(())
        self.ticks = 0.0
        self.collector = Collector(self._collect, self.spool, self.events.put, lambda: self.ticks)
        self._seen = 0

    def _collect(
        self, names: tuple[str, ...], number: int, is_stopped: Callable[[], bool]
    ) -> Iterator[TelemetryMessage]:
        yield encode_record("agent", MonitoringStart(agent_version="1", sensors=names, collection=number))
        for sensor, record in self.found(is_stopped):
            yield encode_record(sensor, record)

    def run(self, *records: tuple[str, Record]) -> list[Event]:
        self.found = lambda _: iter(records)
        self.collector.start(RUN, ("one", "two"))
        return self.until_collected()

    def until_collected(self) -> list[Event]:
        events: list[Event] = []
        while not events or not isinstance(events[-1], Collected):
            events.append(self.events.get(timeout=SECONDS))
        return events

    def new(self) -> list[list[Record]]:
        """Return the records spooled since the last call, one list per envelope."""
        pending = self.spool.view().streams[RUN].pending
        envelopes = [self.spool.read(RUN, seq) for seq in pending if seq > self._seen]
        self._seen = max(pending, default=0)
        return [
            [decode_message(message) for message in decode_batch(decode_envelope(envelope)[1]).messages]
            for envelope in envelopes
            if envelope is not None
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "spool")
    yield made
    made.collector.close()


def ended(sensor: str, records: int, duration: int = 1) -> tuple[str, Record]:
    return sensor, SensorStatus(sensor=sensor, state=SensorState.OK, records=records, duration_ms=duration)


def group(name: str, sensor: str = "one") -> tuple[str, Record]:
    return sensor, Group(name=name, gid=1)


def names(envelopes: list[list[Record]]) -> list[str]:
    return [record.name if isinstance(record, Group) else type(record).__name__ for e in envelopes for record in e]


def test_first_collection_is_spooled_completely(bench: Bench) -> None:
    events = bench.run(group("a"), ended("one", 1))
    assert events == [Tick(), Collected(run_arn=RUN, whole=True)]
    assert names(bench.new()) == ["MonitoringStart", "a", "SensorStatus"]


def test_later_collections_spool_only_changes(bench: Bench) -> None:
    both = (group("a"), ended("one", 1), group("b", "two"), ended("two", 1))
    bench.run(*both)
    bench.new()
    bench.run(group("a"), ended("one", 1, duration=99), group("B", "two"), ended("two", 1))
    assert names(bench.new()) == ["MonitoringStart", "B", "SensorStatus"]
    assert bench.run(group("a"), ended("one", 1), group("B", "two"), ended("two", 1)) == [
        Collected(run_arn=RUN, whole=True)
    ]
    assert bench.new() == []


def test_a_sensor_whose_state_changed_is_spooled_again(bench: Bench) -> None:
    bench.run(group("a"), ended("one", 1))
    bench.new()
    bench.run(("one", SensorStatus(sensor="one", state=SensorState.FAILED, records=0)))
    assert names(bench.new()) == ["MonitoringStart", "SensorStatus"]


def test_collections_of_a_run_are_counted(bench: Bench) -> None:
    starts = []
    for name in ("a", "b"):
        bench.run(group(name), ended("one", 1))
        starts += [r.collection for e in bench.new() for r in e if isinstance(r, MonitoringStart)]
    assert starts == [1, 2]


def test_envelopes_hold_half_a_megabyte_at_most(bench: Bench) -> None:
    records = [("one", Group(name=f"{number:06}" + "x" * 1000, gid=1)) for number in range(1500)]
    bench.run(*records, ended("one", 1500))
    envelopes = bench.new()
    assert sum(len(envelope) for envelope in envelopes) == 1502
    assert len(envelopes) == 4


def test_flushes_after_one_second(bench: Bench) -> None:
    def slow(_: Callable[[], bool]) -> Iterator[tuple[str, Record]]:
        yield group("early")
        bench.ticks += 1.5
        yield group("flushes the one before")
        yield group("late")

    bench.found = slow
    bench.collector.start(RUN, ("one",))
    bench.until_collected()
    assert [len(envelope) for envelope in bench.new()] == [3, 1]


def test_stopped_collection_keeps_records_and_is_incomplete(bench: Bench) -> None:
    def endless(is_stopped: Callable[[], bool]) -> Iterator[tuple[str, Record]]:
        yield group("a")
        bench.collector.stop(RUN)
        deadline = time.monotonic() + SECONDS
        while not is_stopped() and time.monotonic() < deadline:
            time.sleep(0.01)
        yield group("b")

    bench.found = endless
    bench.collector.start(RUN, ("one",))
    assert bench.until_collected()[-1] == Collected(run_arn=RUN, whole=False)
    assert names(bench.new())[:2] == ["MonitoringStart", "a"]


def test_a_full_spool_ends_the_collection(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "spool", spool_bytes=100)
    assert bench.run(group("a"), ended("one", 1))[-1] == Collected(run_arn=RUN, whole=False)
    assert bench.spool.view().report.envelopes_dropped == 1
    bench.collector.close()


@pytest.mark.parametrize("error", [SensorError("the sensors' process ended"), RuntimeError("a defect")])
def test_a_collection_that_fails_is_reported_and_the_next_one_runs(bench: Bench, error: Exception) -> None:
    def failing(_: Callable[[], bool]) -> Iterator[tuple[str, Record]]:
        yield group("a")
        raise error

    bench.found = failing
    bench.collector.start(RUN, ("one",))
    *_, trouble, collected = bench.until_collected()
    assert isinstance(trouble, Trouble)
    assert str(error) in trouble.sentence
    assert collected == Collected(run_arn=RUN, whole=False)
    bench.new()
    bench.run(group("a"), ended("one", 1))
    assert names(bench.new()) == ["MonitoringStart", "a", "SensorStatus"]


def test_spools_everything_after_incomplete_collection(bench: Bench) -> None:
    bench.run(group("a"), ended("one", 1))
    bench.found = lambda _: iter((group("a"), ended("one", 1)))

    def stopped(_: Callable[[], bool]) -> Iterator[tuple[str, Record]]:
        bench.collector.stop(RUN)
        yield group("a")

    bench.found = stopped
    bench.collector.start(RUN, ("one",))
    bench.until_collected()
    bench.new()
    bench.run(group("a"), ended("one", 1))
    assert names(bench.new()) == ["MonitoringStart", "a", "SensorStatus"]
