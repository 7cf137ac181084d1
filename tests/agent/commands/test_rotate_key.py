import json
import re
from pathlib import Path

import pytest
from tests.agent.commands.command_line import call

from openinspector.agent.files.state_lock import take_lock
from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway
from openinspector.wire.signature import key_id


def enrolled(gateway: SimulatedGateway, state: Path) -> None:
    options = ["--endpoint", gateway.url, "--token", TOKEN, "--ca", str(gateway.ca_file)]
    assert call(state, "enrol", *options) == 0


def test_the_new_keys_id_is_printed(
    gateway: SimulatedGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrolled(gateway, tmp_path / "state")
    capsys.readouterr()
    assert call(tmp_path / "state", "rotate-key") == 0
    (key,) = gateway.agents.values()
    assert capsys.readouterr().out == f"The host key is now {key_id(key)}.\n"
    assert call(tmp_path / "state", "rotate-key", "--json") == 0
    (key,) = gateway.agents.values()
    assert json.loads(capsys.readouterr().out) == {"keyId": key_id(key), "done": True}


def test_wait_for_a_silent_agent_is_bounded(
    gateway: SimulatedGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enrolled(gateway, tmp_path / "state")
    take_lock(tmp_path / "state")  # as a running agent holds it
    assert call(tmp_path / "state", "rotate-key", "--wait", "0") == 1
    assert re.search("not adopted the next host key yet", capsys.readouterr().out)
    assert (tmp_path / "state" / "host.key.next").is_file()


def test_a_host_that_is_not_enrolled_has_no_key_to_replace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "rotate-key") == 1
    assert "not enrolled" in capsys.readouterr().err
    assert not (tmp_path / "host.key.next").exists()
