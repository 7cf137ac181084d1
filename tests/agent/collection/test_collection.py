import os
from collections.abc import Iterator

import msgspec
import pytest

from openinspector.agent.collection.collection import (
    AGENT,
    MAX_DETAIL_CHARACTERS,
    MAX_DETAILS,
    MAX_RECORD_BYTES,
    collect,
    collect_one,
)
from openinspector.agent.host import Host
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.registry import sensors
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import Group, Kernel, MonitoringStart, SensorState, SensorStatus
from openinspector.model.record import Record
from openinspector.testing.fake_host import FakeHost, FakeSystem
from openinspector.testing.hostile_host import EndlessHost
from openinspector.wire.codec import encode_batch, encode_record
from openinspector.wire.envelope import encode_envelope

Item = Record | Incomplete | Absent
KERNEL = Kernel(release="6.1", running=True)


def still() -> float:
    return 0.0


def sensor(
    *items: Item,
    error: Exception | None = None,
    max_records: int = 100,
    max_seconds: float = 30.0,
    max_bytes: int = 10**8,
) -> Sensor:
    def find(_: Host) -> Iterator[Item]:
        yield from items
        if error:
            raise error

    return Sensor(
        name="fake",
        title="",
        records=(Kernel,),
        collect=find,
        trigger=Trigger.RULE,
        systems=LINUX,
        max_records=max_records,
        max_seconds=max_seconds,
        max_bytes=max_bytes,
    )


def run(made: Sensor) -> tuple[list[Record], SensorStatus]:
    *records, status = collect_one(made, FakeHost(), still)
    assert isinstance(status, SensorStatus)
    assert status.records == len(records)
    return records, status


def test_order_of_messages() -> None:
    other = Sensor(
        name="other",
        title="",
        records=(Group,),
        collect=lambda _: iter([Group(name="g", gid=1)]),
        trigger=Trigger.RULE,
        systems=LINUX,
    )
    found = list(collect([sensor(KERNEL), other], FakeHost(), still, agent_version="1.2", collection=3))
    assert found == [
        (AGENT, MonitoringStart(agent_version="1.2", sensors=("fake", "other"), collection=3)),
        ("fake", KERNEL),
        ("fake", SensorStatus(sensor="fake", state=SensorState.OK, records=1)),
        ("other", Group(name="g", gid=1)),
        ("other", SensorStatus(sensor="other", state=SensorState.OK, records=1)),
    ]


def test_end_states() -> None:
    assert run(sensor())[1].state is SensorState.OK
    assert run(sensor(Absent(reason="none.")))[1].state is SensorState.NOT_APPLICABLE
    assert run(sensor(KERNEL, Incomplete(reason="more.")))[1].state is SensorState.PARTIAL
    assert run(sensor(Absent(reason="none."), Incomplete(reason="perhaps.")))[1].state is SensorState.PARTIAL


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (ValueError("bad\nthing"), "The sensor failed: ValueError: bad thing"),
        (PermissionError(13, "Permission denied", "/etc/x"), "The host refused: /etc/x: Permission denied."),
        (RecursionError("deep"), "The sensor failed: RecursionError: deep"),
        (ValueError("\udcff"), "The sensor failed: ValueError: ?"),
    ],
)
def test_an_exception_is_a_status(error: Exception, detail: str) -> None:
    records, status = run(sensor(KERNEL, error=error))
    assert records == [KERNEL]
    assert (status.state, status.details) == (SensorState.FAILED, (detail,))


def test_a_sensor_that_fails_at_once_is_a_status() -> None:
    def fail(_: Host) -> Iterator[Item]:
        raise ValueError("at once")

    assert (
        run(Sensor(name="fake", title="", records=(), collect=fail, trigger=Trigger.RULE, systems=LINUX))[1].state
        is SensorState.FAILED
    )


def test_an_undeclared_kind_is_not_sent() -> None:
    records, status = run(sensor(Group(name="g", gid=1), KERNEL))
    assert records == [KERNEL]
    assert status.state is SensorState.FAILED
    assert "Group" in status.details[0]


def test_records_are_bounded() -> None:
    records, status = run(sensor(*[KERNEL] * 5, max_records=3))
    assert records == [KERNEL] * 3
    assert status.state is SensorState.PARTIAL
    assert "3 records" in status.details[0]
    assert run(sensor(*[KERNEL] * 3, max_records=3))[1].state is SensorState.OK


def test_time_is_bounded() -> None:
    ticks = iter(float(second) for second in range(1000))
    *records, status = collect_one(sensor(*[KERNEL] * 100, max_seconds=4.0), FakeHost(), lambda: next(ticks))
    assert isinstance(status, SensorStatus)
    assert len(records) == 5
    assert status.state is SensorState.PARTIAL
    assert "4 seconds" in status.details[0]
    assert status.duration_ms == 6000


def test_bytes_are_bounded() -> None:
    size = len(msgspec.json.encode(KERNEL))
    records, status = run(sensor(*[KERNEL] * 5, max_bytes=3 * size + 1))
    assert records == [KERNEL] * 3
    assert status.state is SensorState.PARTIAL
    assert f"{3 * size + 1} bytes" in status.details[0]
    assert run(sensor(*[KERNEL] * 3, max_bytes=3 * size))[1].state is SensorState.OK


def test_oversized_record_is_omitted_and_reported() -> None:
    large = Kernel(release="x" * MAX_RECORD_BYTES, running=True)
    records, status = run(sensor(KERNEL, large, KERNEL))
    assert records == [KERNEL, KERNEL]
    assert status.state is SensorState.PARTIAL
    assert "larger than" in status.details[0]


def test_largest_incompressible_record_fits_an_envelope() -> None:
    text = os.urandom(MAX_RECORD_BYTES).hex()[: MAX_RECORD_BYTES - 200]
    records, _ = run(sensor(Kernel(release=text, running=True)))
    plaintext = encode_batch([encode_record("fake", record) for record in records])
    assert encode_envelope(run_arn="a", agent_id="b", stream="c", seq=1, plaintext=plaintext)


def test_time_is_bounded_while_a_sensor_finds_nothing() -> None:
    host = EndlessHost({"/folder/file": ""}, FakeSystem())

    def walk(found: Host) -> Iterator[Item]:
        pending = ["/folder"]
        while pending:
            folder = pending.pop()
            pending += [f"{folder}/{name}" for name in found.names(folder)]
        yield KERNEL

    made = Sensor(
        name="fake", title="", records=(Kernel,), collect=walk, trigger=Trigger.RULE, systems=LINUX, max_seconds=2.0
    )
    *records, status = collect_one(made, host, host.clock)
    assert isinstance(status, SensorStatus)
    assert (records, status.state) == ([], SensorState.PARTIAL)
    assert "2 seconds" in status.details[0]
    assert host.seconds < 3


def test_details_are_bounded() -> None:
    _, status = run(sensor(*[Incomplete(reason="x" * 1000)] * 50))
    assert len(status.details) == MAX_DETAILS + 1
    assert max(map(len, status.details)) == MAX_DETAIL_CHARACTERS
    assert status.details[-1] == "And 30 more."


def test_closing_the_iterator_closes_the_sensor() -> None:
    closed: list[bool] = []

    def find(_: Host) -> Iterator[Item]:
        try:
            yield KERNEL
            yield KERNEL
        finally:
            closed.append(True)

    reading = collect_one(
        Sensor(name="fake", title="", records=(Kernel,), collect=find, trigger=Trigger.RULE, systems=LINUX),
        FakeHost(),
        still,
    )
    next(reading)
    reading.close()
    assert closed == [True]


def test_this_machine_is_collected_without_a_failure() -> None:
    host = LocalHost(metadata_address="127.0.0.1:9")
    found = list(collect(list(sensors().values()), host, still, agent_version="0"))
    statuses = [record for _, record in found if isinstance(record, SensorStatus)]
    assert [status.sensor for status in statuses] == list(sensors())
    assert not [status for status in statuses if status.state is SensorState.FAILED]
