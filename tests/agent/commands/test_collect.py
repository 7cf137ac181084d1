import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.agent.commands.command_line import call

from openinspector.agent.commands.collect import WIDTH, record_lines
from openinspector.agent.registry import sensors
from openinspector.wire.codec import decode_message
from openinspector.wire.telemetry import TelemetryMessage


def test_collect_requires_dry_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "collect") == 2
    assert "--dry-run" in capsys.readouterr().err


def test_dry_run_prints_the_messages_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "collect", "--dry-run", "--json", "--sensor", "os_release") == 0
    output = capsys.readouterr()
    assert output.err.rstrip().endswith("Nothing was sent.")
    lines = output.out.splitlines()
    messages = [msgspec.json.decode(line, type=TelemetryMessage) for line in lines]
    assert {message.sensor for message in messages} == {"agent", "os_release"}
    assert [type(decode_message(message)).__name__ for message in messages][-1] == "SensorStatus"


def test_dry_run_fits_80_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "collect", "--dry-run", "--sensor", "os_release", "--sensor", "kernel_parameters") == 0
    output = capsys.readouterr().out
    assert "os_release: SensorStatus" in output
    assert "\x1b" not in output
    assert re.search(r"^kernel_parameters +[0-9]+ +[0-9,]+ +[0-9,]+ ms  (OK|PARTIAL)$", output, re.MULTILINE)
    assert "in 1 envelope" in " ".join(output.split())
    assert output.rstrip().endswith("Nothing was sent.")
    assert all(len(line) <= WIDTH for line in output.splitlines())


def test_unknown_sensor_error_lists_known_sensors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path, "collect", "--dry-run", "--sensor", "rootkit") == 2
    output = capsys.readouterr().err
    assert all(name in output for name in sensors())


def test_values_of_the_host_cannot_write_to_the_terminal() -> None:
    (line,) = record_lines({"name": "\x1b[2Jx", "text": "two words", "plain": "a-b", "none": None, "zero": 0})
    assert "\x1b" not in line
    assert line.strip() == r'name="\u001b[2Jx" text="two words" plain=a-b zero=0'


def test_long_values_are_wrapped() -> None:
    lines = record_lines({"list": ["x" * 30] * 20})
    assert all(len(line) <= WIDTH for line in lines)
    assert "".join(lines).count("x") == 600


DRY_RUN = (sys.executable, "-m", "openinspector.agent", "collect", "--dry-run", "--sensor", "kernel_parameters")


def test_broken_pipe_ends_quietly() -> None:
    with subprocess.Popen(DRY_RUN, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


def on_a_terminal(*, stdout: bool, **variables: str) -> tuple[str, str]:
    """Run it with one of its outputs on a terminal; returns (what the terminal got, what the pipe got)."""
    ours, theirs = pty.openpty()
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        DRY_RUN,
        stdout=theirs if stdout else pipe,
        stderr=pipe if stdout else theirs,
        env={**os.environ, "TERM": "xterm", **variables},
    )
    os.close(theirs)
    piped = process.stderr if stdout else process.stdout
    assert piped is not None
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # Linux's way to say that nobody holds the other end
        pass
    os.close(ours)
    text = piped.read().decode()
    piped.close()
    assert process.wait(30) == 0
    return seen.decode(), text


def test_headings_are_bold_on_a_capable_terminal() -> None:
    assert "\x1b[1mkernel_parameters: " in on_a_terminal(stdout=True)[0]
    assert "\x1b" not in on_a_terminal(stdout=True, NO_COLOR="1")[0]
    assert "\x1b" not in on_a_terminal(stdout=True, TERM="dumb")[0]


def test_progress_goes_to_the_terminal_and_messages_to_a_file() -> None:
    progress, output = on_a_terminal(stdout=False)
    assert "messages, kernel_parameters" in progress
    assert progress.endswith("\r\x1b[K")
    assert "\x1b" not in output
