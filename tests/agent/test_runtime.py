import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.agent.running_agent import running

from openinspector.agent.__main__ import main
from openinspector.agent.files.state_lock import AlreadyRunningError
from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.identity import IdentityError, load_or_make_key
from openinspector.agent.membership.enrolment import EnrolmentError, load_enrolment
from openinspector.agent.runtime import enrol_host, make_loop, run_agent
from openinspector.agent.settings.settings import Address, AgentSettings, AgentSettingsError
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway
from openinspector.testing.throwaway_authority import ThrowawayAuthority


@pytest.fixture
def settings(gateway: SimulatedGateway, tmp_path: Path) -> AgentSettings:
    return AgentSettings(
        endpoint=Address(host="127.0.0.1", port=gateway.port),
        ca_file=gateway.ca_file,
        state_directory=tmp_path / "state",
    )


def test_enrolment_binds_the_hosts_key(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    agent_id = enrol_host(settings, TOKEN)
    key = load_or_make_key(settings.state_directory)
    assert gateway.agents == {agent_id: key.public_key}
    record = load_enrolment(settings.state_directory, key)
    assert (record.agent_id, record.endpoint) == (agent_id, f"https://127.0.0.1:{gateway.port}")
    assert (settings.state_directory / "ca.pem").read_bytes() == gateway.ca_file.read_bytes()


def test_enrolling_again_gives_the_same_agent(settings: AgentSettings) -> None:
    assert enrol_host(settings, TOKEN) == enrol_host(settings, TOKEN)


def test_a_token_that_is_refused_leaves_no_enrolment(settings: AgentSettings) -> None:
    with pytest.raises(EnrolmentError, match="enrolment-refused"):
        enrol_host(settings, "a-token-nobody-made-01")
    with pytest.raises(EnrolmentError, match="not enrolled"):
        make_loop(settings, LocalHost(), sys.stderr)


def test_a_service_that_is_not_trusted_gets_no_token(
    gateway: SimulatedGateway, settings: AgentSettings, tmp_path: Path
) -> None:
    other = ThrowawayAuthority(tmp_path, "other")
    with pytest.raises(EnrolmentError, match="not trusted"):
        enrol_host(replace(settings, ca_file=other.ca_file), TOKEN)
    assert gateway.requests == []


def test_enrolling_needs_an_endpoint_and_a_readable_authority(settings: AgentSettings, tmp_path: Path) -> None:
    with pytest.raises(AgentSettingsError, match="no endpoint"):
        enrol_host(replace(settings, endpoint=None), TOKEN)
    with pytest.raises(AgentSettingsError, match="cannot be read"):
        enrol_host(replace(settings, ca_file=tmp_path / "absent.pem"), TOKEN)


def test_agent_refuses_another_service(settings: AgentSettings) -> None:
    enrol_host(settings, TOKEN)
    moved = replace(settings, endpoint=Address(host="other.example", port=443))
    with pytest.raises(EnrolmentError, match="enrolled at"):
        make_loop(moved, LocalHost(), sys.stderr)


def test_a_replaced_key_is_not_the_one_enrolled(settings: AgentSettings) -> None:
    enrol_host(settings, TOKEN)
    (settings.state_directory / "host.key").unlink()
    with pytest.raises(IdentityError, match="not the one"):
        make_loop(settings, LocalHost(), sys.stderr)


@pytest.mark.parametrize("content", ["", "{}", '{"agent_id":"../x"}'])
def test_invalid_enrolment_is_refused(settings: AgentSettings, content: str) -> None:
    enrol_host(settings, TOKEN)
    (settings.state_directory / "enrolment.json").write_text(content)
    with pytest.raises(EnrolmentError, match="cannot be read"):
        make_loop(settings, LocalHost(), sys.stderr)


def test_two_agents_do_not_share_a_state_directory(
    gateway: SimulatedGateway, settings: AgentSettings, tmp_path: Path
) -> None:
    enrol_host(settings, TOKEN)
    process = started(tmp_path)
    try:
        gateway.wait_for(lambda: gateway.heartbeats)
        with pytest.raises(AlreadyRunningError, match="already running"):
            run_agent(settings)
    finally:
        process.kill()
        process.communicate()


def test_terminated_agent_sends_shutdown_and_exits_cleanly(
    gateway: SimulatedGateway, settings: AgentSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrol_host(settings, TOKEN)
    process = started(tmp_path)
    gateway.wait_for(lambda: gateway.heartbeats)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0, log
    assert [beat.health_code.value for beat in gateway.heartbeats] == ["IDLE", "SHUTDOWN"]
    status, text = main_status(tmp_path, capsys)
    assert status == 1
    assert "Health : UNHEALTHY (SHUTDOWN)" in text


def test_the_lean_command_enrols_from_standard_input_and_reports(
    gateway: SimulatedGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["enrol", "--endpoint", gateway.url, "--ca", str(gateway.ca_file), "--token", "-"]
    enrolled = subprocess.run(
        [sys.executable, "-m", "openinspector.agent", *arguments],
        input=f"{TOKEN}\n",
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert enrolled.returncode == 0, enrolled.stderr
    assert enrolled.stdout.strip() in gateway.agents
    assert main_status(tmp_path, capsys)[0] == 1


def test_the_lean_command_explains_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OPENINSPECTOR_AGENT_STATE_DIRECTORY", str(tmp_path / "state"))
        assert main(["run"]) == 1
        assert main(["enrol", "--endpoint", "http://plain", "--token", "x"]) == 2
    errors = capsys.readouterr().err
    assert "not enrolled" in errors
    assert "--endpoint cannot be 'http://plain'" in errors


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(folder / "state")}


def started(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "openinspector.agent", "run"], env=environment(folder), stderr=subprocess.PIPE
    )


def main_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OPENINSPECTOR_AGENT_STATE_DIRECTORY", str(folder / "state"))
        return main(["status"]), capsys.readouterr().out


def test_each_start_has_a_new_instance_id(gateway: SimulatedGateway, settings: AgentSettings) -> None:
    agent_id = enrol_host(settings, TOKEN)
    for starts in (1, 2):
        with running(settings):
            gateway.wait_for(partial(_opened, gateway, starts))
    instances = [opened.instance for opened in gateway.openings]
    assert {opened.agent_id for opened in gateway.openings} == {agent_id}
    assert len(set(instances)) == len(instances) == 2
    assert all(len(instance) == 32 for instance in instances)


def _opened(gateway: SimulatedGateway, number: int) -> bool:
    return len(gateway.openings) >= number


def test_a_copy_of_an_enrolled_host_does_not_start(settings: AgentSettings) -> None:
    enrol_host(settings, TOKEN, FakeHost({"/etc/machine-id": "a" * 32}))
    with pytest.raises(EnrolmentError, match="this host is a copy"):
        make_loop(settings, FakeHost({"/etc/machine-id": "b" * 32}), sys.stderr)
