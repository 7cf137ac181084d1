"""Completion scripts, and that what they ask for is answered."""

import os
import subprocess
import sys

import pytest
from tests.cli.conftest import Command


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_of_each_shell(command: Command, shell: str) -> None:
    done = command("completion", shell)
    assert done.status == 0, done.err
    assert "_OPENINSPECTOR_COMPLETE" in done.out


def test_script_is_valid_bash(command: Command) -> None:
    script = command("completion", "bash").out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("typed", "offered"), [("openinspector ru", "runs"), ("openinspector runs st", "start"), ("openinspector x", "")]
)
def test_completes_commands(typed: str, offered: str) -> None:
    asked = {
        "_OPENINSPECTOR_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    code = "from openinspector.cli.main import cli; cli(prog_name='openinspector')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert offered in done.stdout
    assert bool(done.stdout.strip()) == bool(offered)
