"""Sensors that look at processes, on a host where processes come and go all the while."""

import shutil
import subprocess
from threading import Event, Thread

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.registry import sensors
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import assert_sendable, run

LOOKS = 5
AT_ONCE = 10


def churn(program: str, stop: Event) -> None:
    while not stop.is_set():
        started = [subprocess.Popen([program]) for _ in range(AT_ONCE)]
        for process in started:
            process.wait()


@pytest.mark.parametrize("name", ["processes", "performance", "connections", "listening_ports", "time_state"])
def test_racing_processes_do_not_crash_sensors(name: str) -> None:
    program = shutil.which("true")
    assert program
    stop = Event()
    thread = Thread(target=churn, args=(program, stop))
    thread.start()
    try:
        for _ in range(LOOKS):
            records, status = run(sensors()[name], LocalHost())
            assert status.state is not SensorState.FAILED, status.details
            assert records or name in ("connections", "listening_ports")
            assert_sendable(records)
    finally:
        stop.set()
        thread.join()
