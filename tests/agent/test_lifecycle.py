"""The agent as a process: started, signalled, killed, started again; `status` tells the truth throughout."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from openinspector.agent.runtime import enrol_host
from openinspector.agent.settings.settings import Address, AgentSettings
from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway

AGENT = (sys.executable, "-m", "openinspector.agent")


@pytest.fixture
def state(gateway: SimulatedGateway, tmp_path: Path) -> Path:
    endpoint = Address(host="127.0.0.1", port=gateway.port)
    state = tmp_path / "state"
    enrol_host(AgentSettings(endpoint=endpoint, ca_file=gateway.ca_file, state_directory=state), TOKEN)
    return state


def variables(state: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(state), **more}


@contextmanager
def started(state: Path, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([*AGENT, "run"], env=variables(state, **more), stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def status(state: Path) -> tuple[int, str]:
    done = subprocess.run(
        [*AGENT, "status", "--json"], env=variables(state), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signalled_agent_sends_shutdown(gateway: SimulatedGateway, state: Path, number: signal.Signals) -> None:
    with started(state) as process:
        gateway.wait_for(lambda: gateway.heartbeats)
        process.send_signal(number)
        assert process.wait(30) == 0
    assert gateway.heartbeats[-1].health_code.value == "SHUTDOWN"
    code, output = status(state)
    assert code == 1
    assert (json.loads(output)["health_code"], json.loads(output)["running"]) == ("SHUTDOWN", False)


def test_sighup_changes_nothing(gateway: SimulatedGateway, state: Path) -> None:
    with started(state) as process:
        gateway.wait_for(lambda: gateway.heartbeats)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_the_status_of_a_killed_agent_is_never_healthy(gateway: SimulatedGateway, state: Path) -> None:
    with started(state) as process:
        # The second request after a heartbeat's reply has nothing to wait for: look until the status says so.
        gateway.wait_for(lambda: gateway.heartbeats)
        while (found := status(state))[0] != 0:
            assert process.poll() is None, found
        assert json.loads(found[1])["pid"] == process.pid
        process.kill()
        process.wait(30)
        code, output = status(state)
        assert code == 1
        assert json.loads(output)["running"] is False
    with started(state) as again:
        gateway.wait_for(lambda: len(gateway.heartbeats) >= 2)
        while (found := status(state))[0] != 0:
            assert again.poll() is None, found


def test_second_agent_refuses_to_start_with_a_reason(gateway: SimulatedGateway, state: Path) -> None:
    with started(state):
        gateway.wait_for(lambda: gateway.heartbeats)
        with started(state) as second:
            assert second.wait(30) == 1
            assert second.stderr is not None
            assert b"already running" in second.stderr.read()


def test_systemd_is_notified_from_start_to_stop(gateway: SimulatedGateway, state: Path, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(30)
        with started(state, NOTIFY_SOCKET=address, WATCHDOG_USEC="60000000") as process:
            assert systemd.recv(100) == b"READY=1"
            gateway.wait_for(lambda: gateway.heartbeats)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
            sent: list[bytes] = []
            while not sent or sent[-1] != b"STATUS=SHUTDOWN: in touch":
                sent.append(systemd.recv(1000))
    assert b"WATCHDOG=1" in sent
    assert b"STOPPING=1" in sent
    assert b"STATUS=IDLE: in touch" in sent


def test_log_goes_only_to_its_file(gateway: SimulatedGateway, state: Path, tmp_path: Path) -> None:
    log = tmp_path / "log" / "agent.log"
    with started(state, OPENINSPECTOR_AGENT_LOG_FILE=str(log)) as process:
        gateway.wait_for(lambda: gateway.heartbeats)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert errors == b""
    assert "info agent started" in log.read_text()
    assert "info agent stopped" in log.read_text()
