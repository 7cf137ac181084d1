"""The whole agent behind a proxy that knows nothing but CONNECT: all goes through it but the metadata service."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import msgspec
import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.operation.status import StatusError, load_status
from openinspector.agent.runtime import enrol_host, make_loop
from openinspector.agent.settings.settings import load_settings
from openinspector.testing.connect_proxy import Behaviour, ConnectProxy
from openinspector.testing.fake_imds import FakeImds
from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway
from openinspector.wire.instruction import StartCollection

RUN = "arn:aws:inspector:us-east-1:123456789012:target/0-A/template/0-B/run/0-C"


def configured(folder: Path, gateway: SimulatedGateway, proxy: ConnectProxy, credentials: str = "") -> Path:
    file = folder / "agent.cfg"
    file.write_text(f"endpoint = {gateway.url}\nca_file = {gateway.ca_file}\nstate_directory = {folder / 'state'}\n")
    (folder / "agent.env").write_text(f"export https_proxy=http://{credentials}{proxy.address}\nexport no_proxy=\n")
    return file


def start(*sensors: str) -> tuple[bytes, ...]:
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    order = StartCollection(run_arn=RUN, sensors=sensors, ends_at=ends_at, close_when_collected=True)
    return (msgspec.json.encode(order),)


def test_enrolment_heartbeats_and_telemetry_go_through_the_proxy(gateway: SimulatedGateway, tmp_path: Path) -> None:
    agent = [sys.executable, "-m", "openinspector.agent"]
    with ConnectProxy("agent:secret") as proxy:
        file = configured(tmp_path, gateway, proxy, "agent:secret@")
        enrolled = subprocess.run(
            [*agent, "--config", str(file), "enrol", "--token", "-"],
            input=TOKEN,
            text=True,
            check=True,
            stdout=subprocess.PIPE,
        )
        assert enrolled.stdout.strip() in gateway.agents
        gateway.instructions = start("os_release")
        variables = {**os.environ, "OPENINSPECTOR_AGENT_CONFIG": str(file)}
        with subprocess.Popen([*agent, "run"], env=variables) as running:
            gateway.wait_for(lambda: gateway.stream(RUN).manifest)
            running.send_signal(signal.SIGTERM)
    assert set(proxy.tunnels) == {f"127.0.0.1:{gateway.port}"}
    assert len(proxy.tunnels) == gateway.connections
    assert proxy.refused == []
    assert b"os_release" not in proxy.seen
    assert load_status(tmp_path / "state").proxy == str(proxy.address)


def test_metadata_service_bypasses_the_proxy(gateway: SimulatedGateway, tmp_path: Path) -> None:
    with ConnectProxy() as proxy, FakeImds() as imds:
        environment = {"https_proxy": str(proxy.address), "http_proxy": str(proxy.address), "no_proxy": ""}
        settings = load_settings(configured(tmp_path, gateway, proxy), environment)
        host = LocalHost(metadata_address=imds.address)
        reply = host.metadata_service("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
        assert reply.status == 200
        assert imds.requests == [("PUT", "/latest/api/token")]
        assert proxy.seen == b""
        enrol_host(settings, TOKEN, host)
        assert len(proxy.tunnels) == 1


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (None, "the proxy cannot be reached"),
        (Behaviour.FORBIDS, "answered 403"),
        (Behaviour.ANSWERS_ITSELF, "does not speak TLS"),
    ],
)
def test_failing_proxy_is_shown_in_the_status(
    gateway: SimulatedGateway, tmp_path: Path, behaviour: Behaviour | None, message: str
) -> None:
    with ConnectProxy() as proxy, ExitStack() as later:
        settings = load_settings(configured(tmp_path, gateway, proxy), {})
        enrol_host(settings, TOKEN)
        if behaviour is None:
            proxy.close()
        else:
            proxy.behaviour = behaviour
        loop = make_loop(settings, LocalHost(), sys.stderr)
        thread = Thread(target=loop.run)
        thread.start()
        later.callback(thread.join, 30)
        later.callback(loop.stop)
        while message not in problem_of(settings.state_directory):
            thread.join(0.05)
            assert thread.is_alive()


def problem_of(state: Path) -> str:
    try:
        return load_status(state).problem
    except StatusError:
        return ""
