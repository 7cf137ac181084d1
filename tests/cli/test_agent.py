import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from openinspector.agent.registry import sensors
from openinspector.agent.status import AgentStatus, save_status
from openinspector.cli.agent import WIDTH, agent, record_lines
from openinspector.cli.main import cli
from openinspector.model.agent import AgentHealthCode
from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway
from openinspector.wire.codec import decode_message
from openinspector.wire.telemetry import TelemetryMessage


def call(state: Path, *arguments: str, stdin: str = "") -> Result:
    environment = {"OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(state)}
    return CliRunner().invoke(agent, list(arguments), input=stdin, env=environment)


def status(health: AgentHealthCode = AgentHealthCode.IDLE, age: float = 0) -> AgentStatus:
    now = datetime.now(UTC)
    return AgentStatus(
        version="0.1.0",
        endpoint="https://inspector.example",
        agent_id="host-" + "0" * 17,
        health_code=health,
        heartbeat_seconds=60,
        written_at=now,
        last_contact_at=now - timedelta(seconds=age),
    )


def test_a_healthy_agents_status_exits_with_0(tmp_path: Path) -> None:
    save_status(tmp_path, status())
    result = call(tmp_path, "status")
    assert result.exit_code == 0
    assert result.output.splitlines()[:3] == [
        "Agent version : 0.1.0",
        "Endpoint : https://inspector.example",
        "Collecting : false",
    ]


@pytest.mark.parametrize("found", [status(AgentHealthCode.SHUTDOWN), status(age=3600)])
def test_any_other_status_exits_with_1(tmp_path: Path, found: AgentStatus) -> None:
    save_status(tmp_path, found)
    assert call(tmp_path, "status").exit_code == 1
    as_json = call(tmp_path, "status", "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.output)["healthy"] is False


def test_an_agent_that_never_ran_cannot_be_contacted(tmp_path: Path) -> None:
    result = call(tmp_path, "status")
    assert result.exit_code == 1
    assert "cannot be contacted" in str(result.exception)


def test_enrol_prints_the_agents_id(tmp_path: Path) -> None:
    with SimulatedGateway(tmp_path) as gateway:
        result = call(
            tmp_path / "state",
            "enrol",
            "--endpoint",
            gateway.url,
            "--token",
            "-",
            "--ca",
            str(gateway.ca_file),
            stdin=f"{TOKEN}\n",
        )
        assert result.exit_code == 0, result.exception
        assert set(gateway.agents) == {result.output.strip()}


def test_a_wrong_endpoint_is_named(tmp_path: Path) -> None:
    result = call(tmp_path, "enrol", "--endpoint", "inspector.example", "--token", "x" * 20)
    assert "--endpoint cannot be 'inspector.example'" in str(result.exception)


def test_collect_sends_nothing_and_says_that_it_must_be_asked_for(tmp_path: Path) -> None:
    result = call(tmp_path, "collect")
    assert result.exit_code == 2
    assert "--dry-run" in result.output


def test_the_dry_run_prints_the_very_messages_that_would_be_sent(tmp_path: Path) -> None:
    result = call(tmp_path, "collect", "--dry-run", "--json", "--sensor", "os_release")
    assert result.exit_code == 0, result.exception

    messages = [msgspec.json.decode(line, type=TelemetryMessage) for line in result.output.splitlines()]
    assert {message.sensor for message in messages} == {"agent", "os_release"}
    assert [type(decode_message(message)).__name__ for message in messages][-1] == "SensorStatus"


def test_the_dry_run_reads_well_in_80_columns(tmp_path: Path) -> None:
    result = call(tmp_path, "collect", "--dry-run", "--sensor", "os_release", "--sensor", "kernel_parameters")
    assert result.exit_code == 0, result.exception
    assert "os_release: SensorStatus" in result.output
    assert result.output.rstrip().endswith("Nothing was sent.")
    assert all(len(line) <= WIDTH for line in result.output.splitlines())


def test_an_unknown_sensor_is_refused_with_those_there_are(tmp_path: Path) -> None:
    result = call(tmp_path, "collect", "--dry-run", "--sensor", "rootkit")
    assert result.exit_code == 2
    assert all(name in result.output for name in sensors())


def test_values_of_the_host_cannot_write_to_the_terminal() -> None:
    (line,) = record_lines({"name": "\x1b[2Jx", "text": "two words", "plain": "a-b", "none": None, "zero": 0})
    assert "\x1b" not in line
    assert line.strip() == r'name="\u001b[2Jx" text="two words" plain=a-b zero=0'


def test_long_values_are_wrapped_whole() -> None:
    lines = record_lines({"list": ["x" * 30] * 20})
    assert all(len(line) <= WIDTH for line in lines)
    assert "".join(lines).count("x") == 600


def test_the_group_is_reached_from_the_command() -> None:
    result = CliRunner().invoke(cli, ["agent", "--help"])
    assert all(name in result.output for name in ("collect", "enrol", "run", "status"))
