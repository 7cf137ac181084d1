from pathlib import Path

import msgspec
import pytest
from tests.agent.commands.command_line import call

from openinspector.agent.commands.collect import WIDTH, record_lines
from openinspector.agent.registry import sensors
from openinspector.wire.codec import decode_message
from openinspector.wire.telemetry import TelemetryMessage


def test_collect_sends_nothing_and_says_that_it_must_be_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path, "collect") == 2
    assert "--dry-run" in capsys.readouterr().err


def test_the_dry_run_prints_the_very_messages_that_would_be_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path, "collect", "--dry-run", "--json", "--sensor", "os_release") == 0
    lines = capsys.readouterr().out.splitlines()
    messages = [msgspec.json.decode(line, type=TelemetryMessage) for line in lines]
    assert {message.sensor for message in messages} == {"agent", "os_release"}
    assert [type(decode_message(message)).__name__ for message in messages][-1] == "SensorStatus"


def test_the_dry_run_reads_well_in_80_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "collect", "--dry-run", "--sensor", "os_release", "--sensor", "kernel_parameters") == 0
    told = capsys.readouterr().out
    assert "os_release: SensorStatus" in told
    assert told.rstrip().endswith("Nothing was sent.")
    assert all(len(line) <= WIDTH for line in told.splitlines())


def test_an_unknown_sensor_is_refused_with_those_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "collect", "--dry-run", "--sensor", "rootkit") == 2
    told = capsys.readouterr().err
    assert all(name in told for name in sensors())


def test_values_of_the_host_cannot_write_to_the_terminal() -> None:
    (line,) = record_lines({"name": "\x1b[2Jx", "text": "two words", "plain": "a-b", "none": None, "zero": 0})
    assert "\x1b" not in line
    assert line.strip() == r'name="\u001b[2Jx" text="two words" plain=a-b zero=0'


def test_long_values_are_wrapped_whole() -> None:
    lines = record_lines({"list": ["x" * 30] * 20})
    assert all(len(line) <= WIDTH for line in lines)
    assert "".join(lines).count("x") == 600
