"""`check`: checks everything that the agent needs; with --connect, also the connection to the service."""

import json
import os
import textwrap
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from openinspector.agent.command import DONE, UNHEALTHY, Command, Invocation
from openinspector.agent.settings.settings import DEFAULT_FILE

if TYPE_CHECKING:
    from openinspector.agent.operation.installation_check import CheckResult

WIDTH: Final = 80
_INDENT: Final = " " * 26


def run(invocation: Invocation) -> int:
    """Print every result as it is found; the exit status is 1 if a check failed."""
    from openinspector.agent.operation.installation_check import CheckContext, CheckVerdict, check_installation
    from openinspector.agent.operation.status_report import INSTALL_ROOT

    context = CheckContext(
        settings_file=invocation.settings_file,
        environment=invocation.environment,
        now=datetime.now(UTC),
        connect=invocation.options.connect,
        service_file=Path(DEFAULT_FILE) if os.path.lexists(INSTALL_ROOT / "stable") else None,
    )
    results = []
    for result in check_installation(context):
        results.append(result)
        if not invocation.options.json:
            print("\n".join(result_lines(result)), flush=True)
    if invocation.options.json:
        print(json.dumps([asdict(result) for result in results], indent=2, ensure_ascii=False))
    return UNHEALTHY if any(result.verdict is CheckVerdict.FAILED for result in results) else DONE


def result_lines(result: "CheckResult") -> Sequence[str]:
    """Return a result as lines of at most 80 columns."""
    label = f"{result.verdict:<8}{result.name:<18}"
    return [*_wrapped(result.found, label), *_wrapped(result.advice, _INDENT)]


def _wrapped(text: str, label: str) -> Sequence[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=label, subsequent_indent=_INDENT, break_on_hyphens=False)


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--connect", action="store_true", help="also connect to the service")
    parser.add_argument("--json", action="store_true", help="print JSON")


COMMAND: Final = Command(
    name="check",
    title="check settings, key, enrolment, authorities, spool, log and proxy",
    description="Exit status 0 if no check failed; warnings do not count.",
    run=run,
    add_options=_add_options,
)
