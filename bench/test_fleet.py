"""A whole run over simulated hosts, and heartbeats a second, against one embedded service of its own process.

The fleet speaks the real protocol over TLS from this process, so service and fleet share the machine's processors.
"""

import asyncio
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from openinspector.cli.demo_processes import DemoProcesses
from openinspector.cli.run_progress import describe_run
from openinspector.cli.templates import rules_package_arns
from openinspector.model.run_state import TERMINAL, AssessmentRunState
from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.testing.generated_world import GeneratedWorld
from openinspector.testing.process_usage import cpu_seconds
from openinspector.testing.simulated_fleet import FleetConnection, SimulatedFleet

HOSTS = int(os.environ.get("BENCH_HOSTS", "1000"))
HEARTBEATS = 20_000
CONNECTIONS = 100
"""A session may beat 50 times a second; more agents, each slower, are what is to be measured."""
LIMIT = timedelta(minutes=5)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[DemoProcesses]:
    started = DemoProcesses(
        tmp_path,
        {
            "OPENINSPECTOR_HEARTBEAT_SECONDS": "10",
            "OPENINSPECTOR_COLLECTING_HEARTBEAT_SECONDS": "10",
            "OPENINSPECTOR_MAX_INSTANCES": "5000",
        },
    )
    yield started
    started.stop()


def connecting(processes: DemoProcesses, url: str) -> Callable[[], FleetConnection]:
    context = ssl.create_default_context(cafile=str(processes.ca_file))
    return lambda: FleetConnection(url, context)


def store_advisories(processes: DemoProcesses, world: GeneratedWorld) -> None:
    snapshot = FeedSnapshot(
        feed="generated",
        fingerprint=f"seed {world.seed}",
        origin="generated",
        fetched_at=datetime.now(UTC),
        published_at=None,
        advisories=world.advisories,
        unparsed=0,
        validators={},
    )
    processes.stores().advisories.replace(snapshot, world.advisories_of(), ())


def start_run(client: Any) -> str:
    target = client.create_assessment_target(assessmentTargetName="fleet")["assessmentTargetArn"]
    template = client.create_assessment_template(
        assessmentTargetArn=target,
        assessmentTemplateName="fleet",
        durationInSeconds=300,
        rulesPackageArns=rules_package_arns(client, ("Common Vulnerabilities", "Best Practices")),
    )["assessmentTemplateArn"]
    return str(client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])


def wait_for(client: Any, run_arn: str) -> Any:
    while AssessmentRunState((run := describe_run(client, run_arn))["state"]) not in TERMINAL:
        time.sleep(0.5)
    return run


async def assess(processes: DemoProcesses, url: str, world: GeneratedWorld) -> None:
    client = processes.client(url, processes.access_key())
    began = time.monotonic()
    fleet = await SimulatedFleet.enrol(connecting(processes, url), processes.join_token(HOSTS), world, HOSTS)
    await asyncio.sleep(2)
    print(f"\nenrol and first heartbeat of {HOSTS} hosts: {time.monotonic() - began:.1f} s")
    over = threading.Event()
    began = time.monotonic()
    run_arn = await asyncio.to_thread(start_run, client)
    life = asyncio.create_task(fleet.live(over.is_set, LIMIT))
    run = await asyncio.to_thread(wait_for, client, run_arn)
    took = time.monotonic() - began
    over.set()
    await life
    await fleet.close()
    print(f"run over {HOSTS} hosts: {took:.1f} s, {run['state']}, findings {run['findingCounts']}")
    for change in run["stateChanges"]:
        print(f"  {(change['stateChangedAt'] - run['createdAt']).total_seconds():6.1f} s  {change['state']}")
    assert run["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")


def test_a_run_over_a_thousand_hosts(processes: DemoProcesses) -> None:
    world = GeneratedWorld()
    url = processes.start_service()
    store_advisories(processes, world)
    asyncio.run(assess(processes, url, world))


async def beat(processes: DemoProcesses, url: str) -> None:
    fleet = await SimulatedFleet.enrol(
        connecting(processes, url), processes.join_token(CONNECTIONS), GeneratedWorld(), CONNECTIONS
    )
    each = HEARTBEATS // len(fleet.agents)
    before = cpu_seconds(processes.service_pid())
    began = time.monotonic()

    async def beats(agent: Any) -> None:
        for _ in range(each):
            await agent.heartbeat()

    await asyncio.gather(*(beats(agent) for agent in fleet.agents))
    took = time.monotonic() - began
    spent = cpu_seconds(processes.service_pid()) - before
    await fleet.close()
    print(f"\n{HEARTBEATS} heartbeats over {len(fleet.agents)} connections: {HEARTBEATS / took:.0f} a second")
    print(f"the service's processor time: {1e6 * spent / HEARTBEATS:.0f} µs a heartbeat")


def test_heartbeats_a_second(processes: DemoProcesses) -> None:
    asyncio.run(beat(processes, processes.start_service()))
