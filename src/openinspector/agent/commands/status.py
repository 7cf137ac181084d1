"""`status`: the state of the running agent (F1.41 to F1.43)."""

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Final

from openinspector.agent.command import DONE, UNHEALTHY, Command, Invocation
from openinspector.agent.files.state_lock import running_agent
from openinspector.agent.operation.status import load_status
from openinspector.agent.operation.status_report import (
    INSTALL_ROOT,
    StatusReport,
    installed_slots,
    status_json,
    status_lines,
)
from openinspector.agent.operation.update_outcome import load_outcome


def run(invocation: Invocation) -> int:
    """Print the status; the exit status is 0 only if the agent runs and is in touch with the service."""
    settings = invocation.settings()
    state = settings.state_directory
    report = StatusReport(
        status=load_status(state),
        now=datetime.now(UTC),
        running=running_agent(state),
        auto_update=settings.auto_update,
        last_update=load_outcome(state),
        slots=installed_slots(INSTALL_ROOT),
    )
    if invocation.options.json:
        print(json.dumps(status_json(report), indent=2, ensure_ascii=False))
    else:
        print("\n".join(status_lines(report)))
    return DONE if report.is_healthy else UNHEALTHY


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


COMMAND: Final = Command(
    name="status",
    title="show the agent's status; exit with 0 only if it is healthy",
    run=run,
    add_options=_add_options,
)
