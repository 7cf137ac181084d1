"""Cost of an idle agent: memory and processor time between heartbeats.

The agent runs as services start it, against a gateway in miniature, with heartbeats at the default interval; before
its first collection, and again after one of this host. ``BENCH_AGENT_PYTHON`` names the interpreter of another
environment, such as one with nothing but the agent's own dependencies.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from openinspector.agent.registry import sensors
from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway
from openinspector.wire.instruction import StartCollection

PYTHON = os.environ.get("BENCH_AGENT_PYTHON", sys.executable)
WINDOW = float(os.environ.get("BENCH_IDLE_SECONDS", "130"))
SETTLE = 5.0
RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-A/template/0-B/run/0-C"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[SimulatedGateway]:
    with SimulatedGateway(tmp_path) as running:
        yield running


@pytest.fixture
def agent(gateway: SimulatedGateway, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENINSPECTOR_")}
    environment = {**kept, "OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(tmp_path / "state")}
    program = [PYTHON, "-m", "openinspector.agent"]
    enrol = [*program, "enrol", "--endpoint", gateway.url, "--ca", str(gateway.ca_file), "--token", TOKEN]
    subprocess.run(enrol, env=environment, check=True, capture_output=True)
    process = subprocess.Popen([*program, "run"], env=environment, stderr=subprocess.DEVNULL)
    yield process
    process.terminate()
    process.wait(30)


def memory(pid: int) -> str:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in rollup[1:]}
    return f"RSS {found['Rss']:.1f} MiB, PSS {found['Pss']:.1f} MiB, anonymous {found['Anonymous']:.1f} MiB"


def processor_seconds(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def show(when: str, pid: int, gateway: SimulatedGateway) -> None:
    beats, used, began = len(gateway.heartbeats), processor_seconds(pid), time.monotonic()
    time.sleep(WINDOW)
    share = (processor_seconds(pid) - used) / (time.monotonic() - began)
    beats = len(gateway.heartbeats) - beats
    print(f"{when}: {memory(pid)}; {share:.4%} of a processor over {WINDOW:.0f} s with {beats} heartbeats", flush=True)


def test_idle(gateway: SimulatedGateway, agent: subprocess.Popen[bytes]) -> None:
    print()
    gateway.wait_for(lambda: gateway.heartbeats)
    time.sleep(SETTLE)
    show("before a collection", agent.pid, gateway)
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    start = StartCollection(run_arn=RUN, sensors=tuple(sensors()), ends_at=ends_at, close_when_collected=True)
    gateway.instructions = (msgspec.json.encode(start),)
    gateway.wait_for(lambda: gateway.stream(RUN).manifest, seconds=120)
    gateway.instructions = ()
    time.sleep(SETTLE)
    show("after a collection", agent.pid, gateway)
    assert agent.poll() is None
