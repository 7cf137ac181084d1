"""`openinspector agent`: run the agent on this host, enrol the host, see how the agent does and what it would send."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from openinspector.agent.settings import AgentSettings
    from openinspector.wire.telemetry import TelemetryMessage

WIDTH: Final = 80
NOT_WELL: Final = 1


@click.group()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings file; default /etc/openinspector/agent.cfg.",
)
@click.pass_context
def agent(ctx: click.Context, config: Path | None) -> None:
    """Run the agent on this host and look at it."""
    ctx.obj = config


@agent.command()
@click.pass_obj
def run(config: Path | None) -> None:
    """Run the agent until it is stopped. Services use `python -m openinspector.agent run`, which is smaller."""
    from openinspector.agent.runtime import run_agent

    run_agent(_settings(config))


@agent.command()
@click.option("--endpoint", metavar="URL", help="The service: https://host[:port].")
@click.option("--token", required=True, metavar="TOKEN", help="Join token; - reads it from standard input.")
@click.option("--ca", type=click.Path(path_type=Path), metavar="FILE", help="The only authorities to trust, PEM.")
@click.pass_obj
def enrol(config: Path | None, endpoint: str | None, token: str, ca: Path | None) -> None:
    """Make this host an agent of a service, and print its agent id.

    The host key is made here and never leaves. The authorities given are kept: nothing else is trusted from then on.
    """
    from openinspector.agent.__main__ import read_token, with_options
    from openinspector.agent.runtime import enrol_host

    click.echo(enrol_host(with_options(_settings(config), endpoint, ca), read_token(token)))


@agent.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(config: Path | None, *, as_json: bool) -> None:
    """Say how the running agent does. Exit status 0 only if it runs and is in touch with the service."""
    from openinspector.agent.status import is_healthy, load_status, status_lines

    found = load_status(_settings(config).state_directory)
    now = datetime.now(UTC)
    healthy = is_healthy(found, now)
    if as_json:
        import msgspec

        click.echo(json.dumps({**msgspec.to_builtins(found), "healthy": healthy}, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(status_lines(found, now)))
    sys.exit(0 if healthy else NOT_WELL)


@agent.command()
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@click.option("--sensor", "chosen", multiple=True, metavar="NAME", help="Only these sensors; default all.")
@click.option("--json", "as_json", is_flag=True, help="Print the messages exactly as they would be sent, one per line.")
def collect(*, dry_run: bool, chosen: tuple[str, ...], as_json: bool) -> None:
    """Show exactly what a run collects on this host.

    Only the service starts a collection that is sent; from here it is always a dry run.
    """
    if not dry_run:
        raise click.UsageError("say --dry-run: a collection that is sent is started by the service, as part of a run")
    from openinspector.agent.local_host import LocalHost
    from openinspector.agent.registry import sensors
    from openinspector.agent.sensing import collect_messages

    known = sensors()
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise click.UsageError(f"no sensor {', '.join(unknown)}; there are {', '.join(known)}")
    messages = collect_messages(chosen or tuple(known), 1, LocalHost())
    if as_json:
        for message in messages:
            _print_message(message)
    else:
        _print_tables(messages)


def _settings(config: Path | None) -> "AgentSettings":
    from openinspector.agent.settings import load_settings

    return load_settings(config, os.environ)


def _print_message(message: "TelemetryMessage") -> None:
    import msgspec

    click.echo(msgspec.json.encode(message))


def _print_tables(messages: Iterable["TelemetryMessage"]) -> None:
    """Print a block per sensor and kind, each value in full and wrapped: what is not shown is not sent."""
    from openinspector.wire.codec import message_size

    heading, count, size = ("", ""), 0, 0
    for message in messages:
        if heading != (message.sensor, message.kind):
            heading = (message.sensor, message.kind)
            click.echo(click.style(f"\n{message.sensor}: {message.kind}", bold=True))
        for line in record_lines(json.loads(bytes(message.payload))):
            click.echo(line)
        count, size = count + 1, size + message_size(message)
    click.echo(f"\n{count} messages, {size} bytes. Nothing was sent.")


def record_lines(record: dict[str, Any]) -> Sequence[str]:
    """Return a record as lines of at most 80 columns: ``name=value`` with empty values left out, then wrapped."""
    import textwrap

    words = " ".join(f"{name}={_value(value)}" for name, value in record.items() if value not in ("", None, [], {}))
    return textwrap.wrap(
        words or "(empty)", WIDTH, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
    )


def _value(value: object) -> str:
    """Return a value as JSON, text without its quotes where it needs none; never a control character."""
    if isinstance(value, str) and value.isprintable() and " " not in value:
        return value
    return json.dumps(value)
