from pathlib import Path

import pytest
from tests.agent.commands.command_line import call

from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway


def test_enrol_prints_the_agents_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with SimulatedGateway(tmp_path) as gateway:
        options = ["--endpoint", gateway.url, "--token", "-", "--ca", str(gateway.ca_file)]
        assert call(tmp_path / "state", "enrol", *options, stdin=f"{TOKEN}\n") == 0
        assert set(gateway.agents) == {capsys.readouterr().out.strip()}


def test_a_wrong_endpoint_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "enrol", "--endpoint", "inspector.example", "--token", "x" * 20) == 2
    assert "--endpoint cannot be 'inspector.example'" in capsys.readouterr().err
