import os
import subprocess
import sys
from pathlib import Path

import pytest

from openinspector.agent.collection import process_limits
from openinspector.model.inventory import SensorState

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are Linux's")

REPORTED = """
import os, resource
from openinspector.agent.collection.process_limits import limit_this_process
limit_this_process()
print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0) == os.SCHED_IDLE)
print(*(resource.getrlimit(kind)[1] for kind in (
    resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_CORE)))
"""
COLLECTED = """
import sys
from openinspector.agent.collection.collection import collect_one
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.collection.process_limits import limit_this_process
from openinspector.agent.registry import sensors
from openinspector.agent.sensor import LINUX, Sensor, Trigger
from openinspector.testing.process_usage import peak_memory_mib
limit_this_process()
greedy = Sensor(
    name="greedy",
    title="Takes all the memory there is",
    records=(),
    collect=lambda host: iter(bytearray(2**29)),
    trigger=Trigger.RULE,
    systems=LINUX,
)
for sensor in (greedy, *(sensors()[name] for name in ("dpkg", "accounts", "mounts"))):
    *_, status = collect_one(sensor, LocalHost(sys.argv[1]), lambda: 0.0)
    print(status.sensor, status.state.value)
print("peak", peak_memory_mib())
"""


def script(text: str, *arguments: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", text, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")


def test_the_process_has_the_lowest_priority_and_its_limits() -> None:
    priority, limits, _ = script(REPORTED)
    assert priority == "19 True"
    memory, seconds, files, core = map(int, limits.split())
    assert memory <= process_limits.MAX_MEMORY_BYTES
    assert seconds <= process_limits.MAX_CPU_SECONDS
    assert files <= process_limits.MAX_OPEN_FILES
    assert core == 0


def test_memory_is_bounded_for_hostile_files(tmp_path: Path) -> None:
    hostile = b"ab\n\n" * (15 * 1024 * 1024)
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_bytes(hostile)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_bytes(hostile[: 15 * 1024 * 1024])
    *states, peak, _ = script(COLLECTED, str(tmp_path))
    assert states[:3] == [
        f"greedy {SensorState.FAILED.value}",
        f"dpkg {SensorState.PARTIAL.value}",
        f"accounts {SensorState.PARTIAL.value}",
    ]
    assert len(states) == 4
    assert float(peak.split()[1]) * 2**20 < process_limits.MAX_MEMORY_BYTES


def test_the_sensors_process_limits_itself() -> None:
    code = "import openinspector.agent.sensing as s, os; s.main(['names']); print(os.getpriority(os.PRIO_PROCESS, 0))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == "19"
    assert os.getpriority(os.PRIO_PROCESS, 0) < 19
