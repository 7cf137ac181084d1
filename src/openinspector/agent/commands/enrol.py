"""`enrol`: this host becomes an agent of a service."""

import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Final

from openinspector.agent.command import DONE, Command, Invocation
from openinspector.agent.settings import AgentSettings, SettingsError, parse_endpoint


def run(invocation: Invocation) -> int:
    """Enrol this host and print its agent id."""
    from openinspector.agent.runtime import enrol_host

    options = invocation.options
    settings = _with_options(invocation.settings(), options.endpoint, options.ca)
    print(enrol_host(settings, _read_token(options.token)))
    return DONE


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--endpoint", metavar="URL", help="the service: https://host[:port]")
    parser.add_argument("--token", metavar="TOKEN", required=True, help="join token; - reads it from standard input")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="the only authorities to trust, PEM")


def _with_options(settings: AgentSettings, endpoint: str | None, ca: Path | None) -> AgentSettings:
    if endpoint is not None:
        try:
            settings = replace(settings, endpoint=parse_endpoint(endpoint))
        except ValueError as error:
            raise SettingsError(f"--endpoint cannot be {endpoint[:80]!r}", advice=f"Allowed: {error}.") from error
    return replace(settings, ca_file=ca.absolute()) if ca is not None else settings


def _read_token(given: str) -> str:
    """Return the token of the command line; of standard input for ``-``, so that it shows in no process list."""
    return sys.stdin.readline(1024).strip() if given == "-" else given


COMMAND: Final = Command(
    name="enrol",
    title="make this host an agent of a service and print its agent id",
    description=(
        "The host key is made here and never leaves. The authorities given are kept: nothing else is trusted from "
        "then on."
    ),
    run=run,
    add_options=_add_options,
)
