"""`run-experiment`: the trial of this version, started by systemd or the update script."""

import os
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Final

import msgspec

from openinspector.agent.command import DONE, UNHEALTHY, Command, Invocation
from openinspector.model.foreign_text import printable_line


def run(invocation: Invocation) -> int:
    """Run the trial of this version. Exit status 0: it is the stable one now; 1: failed; 3: stopped on purpose."""
    from openinspector.agent.operation.update_outcome import WELL
    from openinspector.agent.update.installation import find_installation
    from openinspector.agent.update.trial import STOPPED_ON_PURPOSE, run_trial
    from openinspector.agent.update.update_pass import UpdateHost

    os.umask(0o022)
    installation = find_installation(invocation.environment)
    host = UpdateHost(settings=invocation.settings(), installation=installation, now=_now)
    end = run_trial(host, invocation.options.seconds)
    outcome = end.outcome
    if invocation.options.json:
        print(msgspec.json.encode(outcome).decode())
    else:
        if outcome.details:
            print(printable_line(outcome.details))
        print(outcome.result.value)
    if end.stopped_on_purpose:
        return STOPPED_ON_PURPOSE
    return DONE if outcome.result in WELL else UNHEALTHY


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.add_argument(
        "--seconds",
        type=float,
        default=240.0,
        metavar="N",
        help="time limit for an acknowledged heartbeat; default 240",
    )


def _now() -> datetime:
    return datetime.now(UTC)


COMMAND: Final = Command(
    name="run_experiment",
    title="try this version as the agent and make it the stable one",
    description=(
        "Only for the version in the slot experiment. Whoever started it starts the stable version afterwards, "
        "unless the exit status is 3: stopped on purpose."
    ),
    run=run,
    add_options=_add_options,
)
