"""`openinspector agent`: the agent's own command line, where agent and service are installed together."""

import sys

import click

_RAW = {"ignore_unknown_options": True, "help_option_names": []}


@click.command(context_settings=_RAW)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND [OPTIONS]")
def agent(arguments: tuple[str, ...]) -> None:
    """Run and inspect the agent on this host: the same as the program openinspector-agent.

    `openinspector agent --help` lists its commands.
    """
    from openinspector.agent.__main__ import main

    sys.exit(main(arguments))
