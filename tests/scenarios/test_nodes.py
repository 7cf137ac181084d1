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

import pytest
from click.testing import CliRunner
from tests.scenarios.test_main_job import findings_of, wait_for_end

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


@pytest.fixture
def cluster(tmp_path: Path, postgresql_url: str) -> Iterator[Cluster]:
    settings = {
        "OPENINSPECTOR_DATABASE_URL": new_database(postgresql_url),
        "OPENINSPECTOR_WORKFLOW_DATABASE_URL": new_database(postgresql_url),
        "OPENINSPECTOR_OBJECT_URL": (tmp_path / "objects").as_uri(),
        "OPENINSPECTOR_KEY_URL": (tmp_path / "keys.json").as_uri(),
    }
    one, two = (WholeSystem(tmp_path / name, settings) for name in ("one", "two"))
    yield Cluster(one, two, settings)
    one.processes.stop()
    two.processes.stop()


def get(node: WholeSystem, path: str) -> tuple[int, str]:
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
    agent = int((two.processes.data_dir.parent / "agent.pid").read_text())
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
