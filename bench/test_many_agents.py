"""5,000 agents with keys of their own against one embedded service: the time of every request, first to last.

Fleet and service are a process each and share the machine's processors. A request's time begins before its connection
is opened, where it has to be, and ends with the last byte of its answer; what the fleet's own event loop makes it wait
is in it. Nothing is evaluated meanwhile: the run is stopped once every stream is closed.
"""

import asyncio
import os
import ssl
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from openinspector.cli.demo_processes import ANY_PORT, DemoProcesses
from openinspector.cli.templates import rules_package_arns
from openinspector.testing.generated_world import GeneratedWorld
from openinspector.testing.simulated_fleet import FleetConnection, SimulatedFleet

AGENTS = int(os.environ.get("BENCH_AGENTS", "5000"))
INVENTORIES = 50
"""Few, so that the fleet does not spend on generating what the service is to have."""
LIMIT = timedelta(minutes=6)


class Times:
    """Seconds of every request by endpoint, and how many were refused."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.refused: Counter[str] = Counter()

    def note(self, path: str, seconds: float, status: int) -> None:
        endpoint = path.rpartition("/")[2]
        self.seconds[endpoint].append(seconds)
        if status != 200:
            self.refused[f"{endpoint} {status}"] += 1

    def show(self, phase: str) -> None:
        print(f"{phase}:")
        for endpoint, seconds in self.seconds.items():
            ordered = sorted(seconds)
            p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
            print(f"  {endpoint:<10} {len(ordered):6}  p50 {p50:.3f}  p99 {p99:.3f}  max {ordered[-1]:.3f} s")
        print(f"  refused: {dict(self.refused) or 'none'}", flush=True)
        self.seconds.clear()
        self.refused.clear()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[DemoProcesses]:
    started = DemoProcesses(tmp_path, {"OPENINSPECTOR_LISTEN": ANY_PORT, "OPENINSPECTOR_MAX_INSTANCES": str(AGENTS)})
    yield started
    started.stop()


def start_run(client: Any) -> str:
    target = client.create_assessment_target(assessmentTargetName="fleet")["assessmentTargetArn"]
    template = client.create_assessment_template(
        assessmentTargetArn=target,
        assessmentTemplateName="fleet",
        durationInSeconds=600,
        rulesPackageArns=rules_package_arns(client, ("Best Practices",)),
    )["assessmentTemplateArn"]
    return str(client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])


async def measure(processes: DemoProcesses, url: str) -> None:
    times = Times()
    context = ssl.create_default_context(cafile=str(processes.ca_file))
    clock = asyncio.get_running_loop().time
    began = clock()
    fleet = await SimulatedFleet.enrol(
        lambda: FleetConnection(url, context, times.note),
        processes.join_token(AGENTS),
        GeneratedWorld(inventories=INVENTORIES),
        AGENTS,
    )
    times.show(f"\n{AGENTS} agents enrolled and in session after {clock() - began:.1f} s")

    over = False
    life = asyncio.create_task(fleet.live(lambda: over, LIMIT))
    await asyncio.sleep(fleet.agents[0].heartbeat_seconds * 2)
    times.show("two intervals of heartbeats")

    client = processes.client(url, processes.access_key())
    began = clock()
    run_arn = await asyncio.to_thread(start_run, client)
    while not life.done() and not all(agent.done for agent in fleet.agents):  # noqa: ASYNC110 - agents tell nobody
        await asyncio.sleep(0.5)
    times.show(f"a run, until the last stream was closed after {clock() - began:.1f} s")
    await asyncio.to_thread(client.stop_assessment_run, assessmentRunArn=run_arn, stopAction="SKIP_EVALUATION")
    over = True
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    await fleet.close()
    assert all(agent.done for agent in fleet.agents)


def test_many_agents(processes: DemoProcesses) -> None:
    asyncio.run(measure(processes, processes.start_service()))
