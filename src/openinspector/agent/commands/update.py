"""`update`: one pass of the updater; the caller starts the trial of a prepared release (F1.68 to F1.73)."""

import os
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Final

import msgspec

from openinspector.agent.command import DONE, UNHEALTHY, Command, Invocation
from openinspector.model.foreign_text import printable_line


def run(invocation: Invocation) -> int:
    """Make one pass; the last line printed is its result code."""
    from openinspector.agent.operation.update_outcome import WELL, UpdateError, UpdateOutcome
    from openinspector.agent.update.installation import find_installation
    from openinspector.agent.update.update_pass import UpdateHost, fall_back, run_pass

    os.umask(0o022)
    settings = invocation.settings()
    try:
        installation = find_installation(invocation.environment)
        step = fall_back if invocation.options.back else run_pass
        outcome = step(UpdateHost(settings=settings, installation=installation, now=_now))
    except UpdateError as error:
        outcome = UpdateOutcome(at=_now(), result=error.code, details=str(error))
    if invocation.options.json:
        print(msgspec.json.encode(outcome).decode())
    else:
        if outcome.details:
            print(printable_line(outcome.details))
        if outcome.to_version:
            print(f"{outcome.from_version} -> {outcome.to_version}")
        print(outcome.result.value)
    return DONE if outcome.result in WELL else UNHEALTHY


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--back", action="store_true", help="make the version before the stable one again; then restart the agent"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def _now() -> datetime:
    return datetime.now(UTC)


COMMAND: Final = Command(
    name="update",
    title="fetch and prepare the release this host is offered",
    description=(
        "Does nothing while the agent is stopped or takes part in a run. A prepared release replaces the agent only "
        "after a trial. Exit status 0: done, or nothing to do; 1: failed. The last line names the result."
    ),
    run=run,
    add_options=_add_options,
)
