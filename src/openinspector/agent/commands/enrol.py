"""`enrol`: enrols this host as an agent of a service."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Final

from openinspector.agent.command import DONE, Command, Invocation
from openinspector.agent.settings.settings import AgentSettings, AgentSettingsError, parse_endpoint


def run(invocation: Invocation) -> int:
    """Enrol this host and print its agent id."""
    from openinspector.agent.runtime import EnrolmentWish, enrol_as_wished

    options = invocation.options
    settings = _with_options(invocation.settings(), options.endpoint, options.ca)
    wish = EnrolmentWish(token=_read_token(options.token), method=options.method or "", new_key=options.new_key)
    record = enrol_as_wished(settings, wish)
    if options.json:
        print(json.dumps({"agentId": record.agent_id, "method": record.method, "endpoint": record.endpoint}))
    else:
        print(record.agent_id)
    return DONE


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--endpoint", metavar="URL", help="the service: https://host[:port]")
    parser.add_argument("--token", metavar="TOKEN", default="", help="join token; - reads it from standard input")
    parser.add_argument(
        "--method", metavar="NAME", help="aws_role, aws_instance or join_token; else the first that works"
    )
    parser.add_argument("--new-key", action="store_true", help="enrol with a new host key")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="the only authorities to trust, PEM")


def _with_options(settings: AgentSettings, endpoint: str | None, ca: Path | None) -> AgentSettings:
    if endpoint is not None:
        try:
            settings = replace(settings, endpoint=parse_endpoint(endpoint))
        except ValueError as error:
            raise AgentSettingsError(f"--endpoint cannot be {endpoint[:80]!r}", advice=f"Allowed: {error}.") from error
    return replace(settings, ca_file=ca.absolute()) if ca is not None else settings


def _read_token(given: str) -> str:
    """Return the token of the command line, or of standard input for ``-``, which keeps it out of process lists."""
    return sys.stdin.readline(1024).strip() if given == "-" else given


COMMAND: Final = Command(
    name="enrol",
    title="make this host an agent of a service and print its agent id",
    description=(
        "On EC2 the instance's role or its identity document proves which host this is, and a token, if given, only "
        "gives it its tags; elsewhere a token is needed. "
        "The host key is made here and never leaves. The authorities given are kept: nothing else is trusted from "
        "then on."
    ),
    run=run,
    add_options=_add_options,
)
