"""Two nodes behind haproxy: TLS is passed through (layer 4), or ended at the balancer (layer 7)."""

import os
import shutil
import signal
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.test_main_job import findings_of, wait_for_end
from tests.scenarios.test_nodes import Cluster, cluster, wait_until

from openinspector.testing.go_servers import free_port
from openinspector.testing.whole_system import CVE, WholeSystem, distribution_of_this_host

__all__ = ["cluster"]

HAPROXY = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = pytest.mark.skipif(HAPROXY is None, reason="haproxy is absent: apt-get install haproxy")

PASSTHROUGH = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 5m
    timeout server 5m
listen service
    bind 127.0.0.1:{port}
    option httpchk GET /readyz
    default-server check check-ssl verify none inter 500ms fall 1 rise 1
    server one {one}
    server two {two} backup
"""
ENDS_TLS = """
defaults
    mode http
    timeout connect 5s
    timeout client 5m
    timeout server 5m
listen service
    bind 127.0.0.1:{port} ssl crt {pem}
    balance source
    hash-type consistent
    option httpchk GET /readyz
    default-server ssl check verify required ca-file {ca} inter 500ms fall 1 rise 1
    server one {one}
    server two {two} backup
"""


@pytest.fixture(params=[PASSTHROUGH, ENDS_TLS], ids=["passthrough", "ends_tls"])
def balancer(request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path) -> Iterator[str]:
    """URL of a balancer that prefers node one."""
    port, tls = free_port(), cluster.one.processes.ca_file.parent
    pem, file = tmp_path / "balancer.pem", tmp_path / "haproxy.cfg"
    pem.write_bytes((tls / "server.pem").read_bytes() + (tls / "server.key").read_bytes())
    one, two = (node.url.removeprefix("https://") for node in (cluster.one, cluster.two))
    file.write_text(request.param.format(port=port, one=one, two=two, pem=pem, ca=tls / "ca.pem"))
    process = subprocess.Popen([str(HAPROXY), "-db", "-f", str(file)])
    yield f"https://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


def ready(url: str, node: WholeSystem) -> bool:
    trusted = ssl.create_default_context(cafile=str(node.processes.ca_file))
    try:
        with urllib.request.urlopen(f"{url}/readyz", context=trusted, timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def test_agents_go_on_at_the_other_node_when_theirs_is_killed(cluster: Cluster, balancer: str) -> None:
    one, two = cluster.one, cluster.two
    wait_until(lambda: ready(balancer, two))
    two.processes.start_agent(balancer)
    two.store_advisory(distribution_of_this_host())
    template = two.make_template()
    for kills in (False, True):
        run_arn = two.client.start_assessment_run(assessmentTemplateArn=template)["assessmentRunArn"]
        if kills:
            os.kill(one.processes.service_pid(), signal.SIGKILL)
        assert wait_for_end(two.client, run_arn)["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
        assert CVE in {finding["id"] for finding in findings_of(two.client, run_arn)}
    assert ready(balancer, two)
