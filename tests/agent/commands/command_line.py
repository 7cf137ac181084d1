"""Calls the agent's command line in this process."""

import io
from pathlib import Path

import pytest

from openinspector.agent.__main__ import main


def call(state: Path, *arguments: str, stdin: str = "") -> int:
    """Return the exit status of a command on the state directory ``state``; argparse's own included."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OPENINSPECTOR_AGENT_STATE_DIRECTORY", str(state))
        patched.setattr("sys.stdin", io.StringIO(stdin))
        try:
            return main(arguments)
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 1
