"""`status`: how the running agent does (F1.41 to F1.43)."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Final

import msgspec

from openinspector.agent.command import DONE, NOT_WELL, Command, Invocation
from openinspector.agent.status import is_healthy, load_status, status_lines


def run(invocation: Invocation) -> int:
    """Print the status; the exit status is 0 only if the agent runs and is in touch with the service."""
    found = load_status(invocation.settings().state_directory)
    now = datetime.now(UTC)
    healthy = is_healthy(found, now)
    if invocation.options.json:
        print(json.dumps({**msgspec.to_builtins(found), "healthy": healthy}, indent=2, ensure_ascii=False))
    else:
        print("\n".join(status_lines(found, now)))
    return DONE if healthy else NOT_WELL


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


COMMAND: Final = Command(
    name="status",
    title="say how the running agent does; exit status 0 only if it is well",
    run=run,
    add_options=_add_options,
)
