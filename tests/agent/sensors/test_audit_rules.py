import errno
import os
import struct

import pytest
from tests.agent.linux.test_audit_rule import ALL, EQUAL, message

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.linux.audit_rule import GET, LIST_RULES, MAX_RULES
from openinspector.agent.sensors.audit_rules import SENSOR, collect
from openinspector.model.hardening import AuditRule, AuditState
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import run
from openinspector.testing.fake_host import FakeHost, FakeSystem

STATE = (GET, struct.pack("=IIIII", 0, 1, 1, 0, 64))
WATCH = (LIST_RULES, message((105, EQUAL, "/etc/passwd"), (106, EQUAL, 10), calls=ALL))


def host(*messages: tuple[int, bytes]) -> FakeHost:
    return FakeHost({}, FakeSystem(audit=messages))


class RefusingHost(FakeHost):
    """A host whose kernel refuses with one error."""

    def __init__(self, code: int) -> None:
        super().__init__({})
        self._code = code

    def audit(self) -> tuple[tuple[int, bytes], ...]:
        raise OSError(self._code, os.strerror(self._code))


def test_state_and_rules_in_the_order_of_the_kernel() -> None:
    records, status = run(SENSOR, host(STATE, WATCH, (LIST_RULES, message((12, EQUAL, 1300), filter_=5, action=0))))
    assert records == [
        AuditState(enabled=1, failure=1),
        AuditRule(place=1, text="-w /etc/passwd -p wa"),
        AuditRule(place=2, text="-a never,exclude -F msgtype=1300"),
    ]
    assert status.state is SensorState.OK


def test_a_root_folder_has_no_rules_in_force() -> None:
    assert run(SENSOR, host())[1].state is SensorState.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("code", "state"),
    [(errno.ECONNREFUSED, SensorState.NOT_APPLICABLE), (errno.EPERM, SensorState.PARTIAL)],
)
def test_a_kernel_that_refuses(code: int, state: SensorState) -> None:
    assert run(SENSOR, RefusingHost(code))[1].state is state


def test_rules_that_cannot_be_read_and_rules_beyond_the_bound_are_counted() -> None:
    records, status = run(SENSOR, host(STATE, (LIST_RULES, b"short"), *[WATCH] * MAX_RULES))
    assert len(records) == MAX_RULES
    assert "could not be read: 1" in str(status.details)
    assert "beyond the first" in str(status.details)


def test_this_machine_is_asked_without_an_exception() -> None:
    """In a container the kernel refuses, which is a record of its own."""
    assert list(collect(LocalHost()))
