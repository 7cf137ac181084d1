"""Two nodes of one installation: processes with folders of their own over one PostgreSQL, object store and key file."""

import json
import os
import signal
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.scenarios.test_main_job import findings_of, wait_for_end

from openinspector.cli.demo_processes import ANY_PORT, QUICK_HEARTBEATS, DemoProcesses
from openinspector.cli.main import cli
from openinspector.testing.postgresql import new_database
from openinspector.testing.whole_system import CVE, WholeSystem, distribution_of_this_host

LEASE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Cluster:
    """Two nodes."""

    one: WholeSystem
    two: WholeSystem
    settings: dict[str, str]


def shared_settings(tmp_path: Path, postgresql_url: str) -> dict[str, str]:
    return {
        "OPENINSPECTOR_DATABASE_URL": new_database(postgresql_url),
        "OPENINSPECTOR_WORKFLOW_DATABASE_URL": new_database(postgresql_url),
        "OPENINSPECTOR_OBJECT_URL": (tmp_path / "objects").as_uri(),
        "OPENINSPECTOR_KEY_URL": (tmp_path / "keys.json").as_uri(),
    }


@pytest.fixture
def cluster(tmp_path: Path, postgresql_url: str) -> Iterator[Cluster]:
    settings = shared_settings(tmp_path, postgresql_url)
    one, two = (WholeSystem(tmp_path / name, settings) for name in ("one", "two"))
    yield Cluster(one, two, settings)
    one.processes.stop()
    two.processes.stop()


def get(node: "WholeSystem | Worker", path: str) -> tuple[int, str]:
    """Return status and body of a request that names no credentials."""
    trusted = ssl.create_default_context(cafile=str(node.processes.ca_file))
    try:
        with urllib.request.urlopen(f"{node.url}{path}", context=trusted, timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def listed_nodes(cluster: Cluster) -> list[str]:
    data_dir = str(cluster.one.processes.data_dir)
    arguments = ["admin", "--data-dir", data_dir, "nodes", "list", "--json"]
    done = CliRunner().invoke(cli, arguments, env=cluster.settings)
    assert done.exit_code == 0, done.output
    return [node["address"] for node in json.loads(done.stdout)]


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_run_ends_although_the_node_that_drives_it_is_killed(cluster: Cluster) -> None:
    # 1. one authority and one set of keys: each node takes credentials that the other one made
    one, two = cluster.one, cluster.two
    assert one.processes.ca_file.read_bytes() == two.processes.ca_file.read_bytes()
    assert get(one, "/readyz") == get(two, "/readyz") == (200, "ready\n")
    assert listed_nodes(cluster) == [one.url, two.url]

    # 2. an agent of node two enrols and is frozen, so that the run, which node one drives, must wait for it
    two.start_agent()
    two.store_advisory(distribution_of_this_host())
    agent = two.agent_pid()
    os.kill(agent, signal.SIGSTOP)
    run_arn = one.start_run()

    # 3. node one is killed; node two takes over when the lease has ended, and the run ends there
    os.kill(one.processes.service_pid(), signal.SIGKILL)
    os.kill(agent, signal.SIGCONT)
    run = wait_for_end(two.client, run_arn)
    assert run["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
    assert CVE in {finding["id"] for finding in findings_of(two.client, run_arn)}
    wait_until(lambda: listed_nodes(cluster) == [two.url], LEASE_SECONDS * 2)


def test_a_node_that_was_frozen_past_its_lease_ends(cluster: Cluster) -> None:
    pid = cluster.one.processes.service_pid()
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: listed_nodes(cluster) == [cluster.two.url], LEASE_SECONDS * 2)
    os.kill(pid, signal.SIGCONT)
    assert os.waitpid(pid, 0)[1] == os.EX_TEMPFAIL << 8
    assert get(cluster.two, "/readyz") == (200, "ready\n")


def test_a_node_with_another_master_key_does_not_start(cluster: Cluster, tmp_path: Path) -> None:
    settings = {**cluster.settings, "OPENINSPECTOR_KEY_URL": (tmp_path / "other.json").as_uri()}
    with pytest.raises(Exception, match="not the one of the installation"):
        WholeSystem(tmp_path / "three", settings)


def test_a_node_that_is_stopped_leaves_at_once(cluster: Cluster) -> None:
    assert get(cluster.one, "/healthz") == (200, "ok\n")
    cluster.one.processes.stop()
    assert listed_nodes(cluster) == [cluster.two.url]


class Worker:
    """A node with the role worker alone."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        roles = {"OPENINSPECTOR_ROLES": "worker", "OPENINSPECTOR_LISTEN": ANY_PORT}
        self.processes = DemoProcesses(folder, {**QUICK_HEARTBEATS, **roles, **settings})
        self.url = self.processes.start_service()


@dataclass(frozen=True, slots=True)
class Split:
    """A node that answers agents and users, and a node that works."""

    front: WholeSystem
    worker: Worker
    more: Callable[[], object]
    """Starts another worker."""


@pytest.fixture
def split(tmp_path: Path, postgresql_url: str) -> Iterator[Split]:
    settings, workers = shared_settings(tmp_path, postgresql_url), list[Worker]()

    def start() -> Worker:
        workers.append(Worker(tmp_path / f"worker{len(workers)}", settings))
        return workers[-1]

    worker = start()
    front = WholeSystem(tmp_path / "front", {**settings, "OPENINSPECTOR_ROLES": "gateway,api,console"})
    yield Split(front, worker, start)
    for processes in (front.processes, *(each.processes for each in workers)):
        processes.stop()


def run_to_compare(client: Any, run_arn: str) -> bytes:
    """Return the findings of a run without what differs from run to run, as bytes in one order."""
    differs = {"arn", "createdAt", "updatedAt"}
    findings = [
        {name: value for name, value in finding.items() if name not in differs}
        for finding in findings_of(client, run_arn)
    ]
    for finding in findings:
        del finding["serviceAttributes"]["assessmentRunArn"]
    return "\n".join(sorted(json.dumps(finding, sort_keys=True, default=str) for finding in findings)).encode()


def test_a_worker_that_is_killed_in_a_run_changes_no_finding(split: Split) -> None:
    # 1. each node serves the part of its roles alone
    front, worker = split.front, split.worker
    assert get(front, "/readyz") == get(worker, "/readyz") == (200, "ready\n")
    assert (get(front, "/console/")[0], get(worker, "/console/")[0]) == (200, 404)
    assert get(worker, "/agent/v1/challenge")[0] == 404
    nodes = front.processes.stores().nodes.nodes()
    assert [node.roles for node in nodes] == [("worker",), ("gateway", "api", "console")]

    # 2. an undisturbed run
    front.start_agent()
    front.store_advisory(distribution_of_this_host())
    template = front.make_template()

    def start_run() -> str:
        return str(front.client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"])

    undisturbed = start_run()
    state = wait_for_end(front.client, undisturbed)["state"]
    assert state in ("COMPLETED", "COMPLETED_WITH_ERRORS")

    # 3. a run that waits for its frozen agent; its worker is killed, and another one ends it
    os.kill(front.agent_pid(), signal.SIGSTOP)
    disturbed = start_run()

    def collects() -> bool:
        (run,) = front.client.describe_assessment_runs(assessmentRunArns=[disturbed])["assessmentRuns"]
        return bool(run["state"] == "COLLECTING_DATA")

    wait_until(collects)
    os.kill(worker.processes.service_pid(), signal.SIGKILL)
    os.kill(front.agent_pid(), signal.SIGCONT)
    split.more()
    assert wait_for_end(front.client, disturbed)["state"] == state
    expected = run_to_compare(front.client, undisturbed)
    assert CVE.encode() in expected
    assert run_to_compare(front.client, disturbed) == expected
