"""The suite must be able to fail: sensors that break a promise do not pass it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from openinspector.agent.host import Host
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.errors import WireError
from openinspector.model.inventory import Group, KernelParameters
from openinspector.model.record import Record
from openinspector.testing.conformance.sensor import Files, SensorConformance
from openinspector.testing.fake_host import FakeSystem

FILES: Files = {"/etc/x": "a=1\n"}
Item = Record | Incomplete | Absent
SUITE = SensorConformance()


def sensor(collect: Callable[[Host], Iterator[Item]]) -> Sensor:
    return Sensor(
        name="bad", title="", records=(KernelParameters,), collect=collect, trigger=Trigger.RULE, systems=LINUX
    )


def raises_where_nothing_is(host: Host) -> Iterator[Item]:
    host.read("/etc/x")
    yield KernelParameters()


def hides_what_it_could_not_read(host: Host) -> Iterator[Item]:
    try:
        yield KernelParameters(values={"x": host.read("/etc/x").decode(errors="replace")})
    except FileNotFoundError:
        yield Absent(reason="Nothing.")
    except OSError:
        yield KernelParameters()


def yields_what_it_did_not_declare(host: Host) -> Iterator[Item]:
    del host
    yield Group(name="g", gid=0)


def believes_in_utf8(host: Host) -> Iterator[Item]:
    try:
        yield KernelParameters(values={"x": host.read("/etc/x").decode()})
    except OSError:
        yield Absent(reason="Nothing.")


def sends_surrogates(host: Host) -> Iterator[Item]:
    yield KernelParameters(values=dict.fromkeys(host.names("/etc"), ""))


def believes_in_equals_signs(host: Host) -> Iterator[Item]:
    try:
        name, value = host.read("/etc/x").split(b"=")
    except OSError:
        return
    yield KernelParameters(values={name.hex(): value.hex()})


@pytest.mark.parametrize(
    ("collect", "test"),
    [
        (raises_where_nothing_is, SUITE.test_empty_host_has_no_records),
        (hides_what_it_could_not_read, lambda bad: SUITE.test_an_unreadable_file_is_reported(bad, FILES, FakeSystem())),
        (
            yields_what_it_did_not_declare,
            lambda bad: SUITE.test_healthy_host_is_read_completely(bad, FILES, FakeSystem()),
        ),
        (believes_in_utf8, lambda bad: SUITE.test_strange_content_does_not_crash(bad, FILES, FakeSystem(), b"\xff")),
        (sends_surrogates, lambda bad: SUITE.test_names_outside_utf8_do_not_crash(bad, FILES, FakeSystem())),
        (believes_in_equals_signs, lambda bad: SUITE.test_damaged_content_does_not_crash(bad, FILES, FakeSystem())),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_invalid_sensor_fails(collect: Callable[[Host], Iterator[Item]], test: Callable[[Sensor], None]) -> None:
    with pytest.raises((AssertionError, WireError)):
        test(sensor(collect))


def test_sensor_with_forbidden_imports_fails() -> None:
    with pytest.raises(AssertionError):
        SUITE.test_imports_only_what_an_agent_has(sensor(raises_where_nothing_is))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered(Record):
    """A kind defined where the wire does not look for kinds."""

    MESSAGE_TYPE: ClassVar[str] = "InspectorUnregistered"


def test_sensor_with_unregistered_records_fails() -> None:
    bad = replace(sensor(raises_where_nothing_is), records=(Unregistered,))
    with pytest.raises(AssertionError, match="the wire does not know Unregistered"):
        SUITE.test_records_are_registered_on_the_wire(bad)
