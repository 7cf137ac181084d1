"""A host key is replaced whole or not at all, whatever kills the agent between any two steps."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.agent.running_agent import running

from openinspector.agent.identity import load_or_make_key
from openinspector.agent.membership.enrolment import EnrolmentError
from openinspector.agent.membership.rotation import NEXT_FILE, load_identity, prepare_rotation
from openinspector.agent.runtime import enrol_host, rotate_host_key
from openinspector.agent.settings.settings import Address, AgentSettings
from openinspector.testing.dying_process import DIED
from openinspector.testing.simulated_gateway import TOKEN, Fault, SimulatedGateway
from openinspector.wire.message import KeyRotated


@pytest.fixture
def settings(gateway: SimulatedGateway, tmp_path: Path) -> AgentSettings:
    made = AgentSettings(
        endpoint=Address(host="127.0.0.1", port=gateway.port),
        ca_file=gateway.ca_file,
        state_directory=tmp_path / "state",
    )
    enrol_host(made, TOKEN)
    return replace(made, endpoint=None, ca_file=None)


def until_no_next_key(settings: AgentSettings) -> None:
    for _ in range(3000):
        if not (settings.state_directory / NEXT_FILE).exists():
            return
        time.sleep(0.01)
    raise AssertionError("the next key was never taken up")


def agree(gateway: SimulatedGateway, settings: AgentSettings) -> str:
    """The host and the service know the same key, and no other is left over; return its id."""
    key, record = load_identity(settings.state_directory)
    assert gateway.agents == {record.agent_id: key.public_key}
    assert not (settings.state_directory / NEXT_FILE).exists()
    return key.id


def test_a_rotation_replaces_the_key_and_keeps_the_agent(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    before, record = load_identity(settings.state_directory)
    new = rotate_host_key(settings)
    assert agree(gateway, settings) == new != before.id
    assert load_identity(settings.state_directory)[1].agent_id == record.agent_id
    assert (settings.state_directory / "host.key").stat().st_mode & 0o777 == 0o600


def test_running_agent_adopts_the_next_key(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    wanted = prepare_rotation(settings.state_directory)
    with running(settings):
        gateway.wait_for(lambda: gateway.requests.count("session") == 2)
        until_no_next_key(settings)
    assert agree(gateway, settings) == wanted.id


def test_recovers_from_a_lost_answer(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    """The service replaced the key, the host does not know: the next session is refused, and the next key opens one."""
    gateway.faults.append(Fault(endpoint="rotation", after=True))
    with pytest.raises(EnrolmentError, match="was not replaced"):
        rotate_host_key(settings)
    assert (settings.state_directory / NEXT_FILE).exists()
    assert rotate_host_key(settings) == agree(gateway, settings)
    assert gateway.requests.count("rotation") == 1


def test_running_agent_recovers_from_a_lost_answer(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.faults.append(Fault(endpoint="rotation", after=True))
    wanted = prepare_rotation(settings.state_directory)
    with running(settings):
        until_no_next_key(settings)
    assert agree(gateway, settings) == wanted.id


def test_refused_rotation_is_abandoned(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    before = load_or_make_key(settings.state_directory).id
    gateway.faults.append(Fault(endpoint="rotation", status=403, code="rotation-refused"))
    with pytest.raises(EnrolmentError, match="rotation-refused"):
        rotate_host_key(settings)
    assert agree(gateway, settings) == before


def test_answer_for_another_key_is_ignored(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    body = msgspec.json.encode(KeyRotated(key_id="0" * 64))
    gateway.faults.append(Fault(endpoint="rotation", body=body))
    before = load_or_make_key(settings.state_directory).id
    with pytest.raises(EnrolmentError, match="was not replaced"):
        rotate_host_key(settings)
    assert load_or_make_key(settings.state_directory).id == before
    assert rotate_host_key(settings) == agree(gateway, settings)


def test_a_service_that_does_not_answer_changes_nothing(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    gateway.faults.append(Fault(endpoint="rotation", status=503))
    with pytest.raises(EnrolmentError):
        rotate_host_key(settings)
    wanted = prepare_rotation(settings.state_directory)
    assert rotate_host_key(settings) == agree(gateway, settings) == wanted.id


def test_rotation_resumes_after_a_kill_at_any_step(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    """Killed before its first, second, … change of the disk or connection, until it is not killed any more."""
    environment = {**os.environ, "OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(settings.state_directory)}
    deaths = 0
    while True:
        command = [sys.executable, "-m", "openinspector.testing.dying_process", str(deaths + 1), "rotate-key"]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if ended.returncode != DIED:
            break
        deaths += 1
        # Whatever state it left, the host gets on: the next key, and both sides agree on it.
        assert rotate_host_key(settings) == agree(gateway, settings)
    assert ended.returncode == 0, ended.stderr
    assert deaths >= 6
    assert agree(gateway, settings) in ended.stdout


def test_agent_starts_after_a_kill_at_any_step(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    """The same, with the agent itself as what carries it on: it opens a session with the key the service knows."""
    environment = {**os.environ, "OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(settings.state_directory)}
    for number in (4, 6, 8, 10):
        command = [sys.executable, "-m", "openinspector.testing.dying_process", str(number), "rotate-key"]
        subprocess.run(command, env=environment, capture_output=True, check=False)
        beats = len(gateway.heartbeats)
        with running(settings):
            gateway.wait_for(lambda: len(gateway.heartbeats) > beats)  # noqa: B023 - called before the next round
            until_no_next_key(settings)
        agree(gateway, settings)
