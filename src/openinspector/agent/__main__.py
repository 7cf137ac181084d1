"""`python -m openinspector.agent`: the agent on its own, for services and hosts that have nothing else.

Commands: ``run``, ``enrol``, ``status``. Only the standard library, msgspec and cryptography are loaded.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from openinspector.agent.runtime import enrol_host, run_agent
from openinspector.agent.settings import DEFAULT_FILE, AgentSettings, SettingsError, load_settings, parse_endpoint
from openinspector.agent.status import is_healthy, load_status, status_lines
from openinspector.model.errors import OpenInspectorError

if TYPE_CHECKING:
    import argparse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused or not healthy, 2 wrong usage."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if given == ["run"]:
            # As services start it: the option parser would cost every host a megabyte and a half.
            run_agent(load_settings(None, os.environ))
            return 0
        return _obey(_parser().parse_args(given))
    except OpenInspectorError as error:
        sys.stderr.write(f"openinspector agent: {error}\n" + (f"{error.advice}\n" if error.advice else ""))
        return 1


def with_options(settings: AgentSettings, endpoint: str | None, ca: Path | None) -> AgentSettings:
    """Return settings with what the command line says instead; SettingsError."""
    if endpoint is not None:
        try:
            settings = replace(settings, endpoint=parse_endpoint(endpoint))
        except ValueError as error:
            raise SettingsError(f"--endpoint cannot be {endpoint[:80]!r}", advice=f"Allowed: {error}.") from error
    return replace(settings, ca_file=ca.absolute()) if ca is not None else settings


def read_token(given: str) -> str:
    """Return the token of the command line; of standard input for ``-``, so that it shows in no process list."""
    return sys.stdin.readline(1024).strip() if given == "-" else given


def _obey(options: "argparse.Namespace") -> int:
    settings = load_settings(options.config, os.environ)
    if options.command == "status":
        return _status(settings)
    if options.command == "enrol":
        settings = with_options(settings, options.endpoint, options.ca)
        print(enrol_host(settings, read_token(options.token)))  # noqa: T201 - it is what the command is for
    else:
        run_agent(settings)
    return 0


def _parser() -> "argparse.ArgumentParser":
    import argparse  # noqa: PLC0415 - see main

    parser = argparse.ArgumentParser(prog="python -m openinspector.agent", description="The openinspector agent.")
    parser.add_argument("--config", type=Path, metavar="FILE", help=f"settings file; default {DEFAULT_FILE}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run until stopped")
    commands.add_parser("status", help="say how the running agent does; exit status 0 only if it is well")
    enrolling = commands.add_parser("enrol", help="make this host an agent of a service")
    enrolling.add_argument("--endpoint", metavar="URL", help="https://host[:port]")
    enrolling.add_argument("--token", metavar="TOKEN", required=True, help="join token; - reads it from standard input")
    enrolling.add_argument("--ca", type=Path, metavar="FILE", help="the only authorities to trust, PEM")
    return parser


def _status(settings: AgentSettings) -> int:
    status = load_status(settings.state_directory)
    now = datetime.now(UTC)
    print("\n".join(status_lines(status, now)))  # noqa: T201 - it is what the command is for
    return 0 if is_healthy(status, now) else 1


if __name__ == "__main__":
    sys.exit(main())
