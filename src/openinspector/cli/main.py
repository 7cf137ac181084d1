"""The command `openinspector`: groups are imported only when used, so that every command starts fast.

Exit statuses: 0 success; 1 refused or unhealthy; 2 wrong usage; 3 the service cannot be reached;
4 the run ended FAILED, ERROR or CANCELED; 5 a scan found a severity that ``--fail-on`` names.
"""

import importlib
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import click

from openinspector import __version__
from openinspector.model.errors import OpenInspectorError

COMMANDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "account": ("openinspector.cli.account:account", "Read the AWS accounts whose instances are assessed."),
        "admin": (
            "openinspector.cli.admin:admin",
            "Administer this installation: tokens, access keys, agents, rollouts.",
        ),
        "agent": ("openinspector.cli.agent:agent", "Run and inspect the agent on this host."),
        "benchmark": ("openinspector.cli.benchmark:benchmark", "Judge a facts file by its CIS benchmark, offline."),
        "completion": ("openinspector.cli.completion:completion", "Print the shell completion script."),
        "demo": ("openinspector.cli.demo:demo", "Assess this host: service, agent, run, findings."),
        "evaluate": ("openinspector.cli.evaluate:evaluate", "Evaluate a facts file offline."),
        "explain": ("openinspector.cli.explain:explain", "Print why a finding was stated; export its replay."),
        "feeds": ("openinspector.cli.feeds:feeds", "Fetch advisories and show how old they are."),
        "findings": ("openinspector.cli.findings:findings", "List and explain findings."),
        "notifications": (
            "openinspector.cli.notifications:notifications",
            "Notify SNS topics of runs and findings.",
        ),
        "plan": ("openinspector.cli.plan:plan", "Plan upgrades and restarts that close findings."),
        "reach": ("openinspector.cli.reach:reach", "Analyse reachability in a network."),
        "release": ("openinspector.cli.release:release", "Sign and publish releases of the agent."),
        "reports": ("openinspector.cli.reports:reports", "Download reports of runs."),
        "runs": ("openinspector.cli.runs:runs", "Start, watch and stop assessment runs."),
        "scan": ("openinspector.cli.scan:scan", "Assess a folder: a mounted image, a container's root."),
        "schedules": ("openinspector.cli.schedules:schedules", "Run templates at fixed times."),
        "serve": ("openinspector.cli.serve:serve", "Run the service."),
        "tailoring": ("openinspector.cli.tailoring:tailoring", "Tailor benchmarks for a template."),
        "targets": ("openinspector.cli.targets:targets", "Manage assessment targets."),
        "templates": ("openinspector.cli.templates:templates", "Manage assessment templates."),
        "waivers": ("openinspector.cli.waivers:waivers", "Accept findings for a time."),
        "webhooks": ("openinspector.cli.webhooks:webhooks", "Notify your own receivers of runs and findings."),
    }
)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called or completed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names, sorted."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None if the name is unknown."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.{attribute} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print names and summaries without importing anything."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="openinspector")
def cli() -> None:
    """Self-hosted host assessment with the API of Amazon Inspector Classic."""


def main() -> None:
    """Run the command line; print an OpenInspectorError as two lines and exit with status 1."""
    try:
        cli(prog_name="openinspector")
    except OpenInspectorError as error:
        click.echo(f"openinspector: {error}", err=True)
        if error.advice:
            click.echo(error.advice, err=True)
        sys.exit(1)
