"""`collect --dry-run`: exactly what a run would send from this host (better than the original: F1.6)."""

import json
import textwrap
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from openinspector.agent.command import DONE, Command, Invocation, UsageError
from openinspector.wire.codec import message_size
from openinspector.wire.telemetry import TelemetryMessage

WIDTH: Final = 80


def run(invocation: Invocation) -> int:
    """Print every message that a run's collection would send."""
    options = invocation.options
    if not options.dry_run:
        raise UsageError(
            "say --dry-run: a collection that is sent is started by the service, as part of a run",
            advice="collect --dry-run shows what it would send.",
        )
    messages = _messages(options.sensor)
    if options.json:
        for message in messages:
            print(msgspec.json.encode(message).decode())
    else:
        _print_tables(messages)
    return DONE


def record_lines(record: Mapping[str, Any]) -> Sequence[str]:
    """Return a record as lines of at most 80 columns: ``name=value`` with empty values left out, then wrapped."""
    words = " ".join(f"{name}={_value(value)}" for name, value in record.items() if value not in ("", None, [], {}))
    return textwrap.wrap(
        words or "(empty)", WIDTH, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
    )


def _messages(chosen: Sequence[str]) -> Iterable[TelemetryMessage]:
    from openinspector.agent.registry import sensors
    from openinspector.agent.sensing import collect_messages
    from openinspector.agent.this_platform import this_host

    known = sensors()
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise UsageError(f"no sensor {', '.join(unknown)}", advice=f"There are {', '.join(known)}.")
    return collect_messages(chosen or tuple(known), 1, this_host())


def _print_tables(messages: Iterable[TelemetryMessage]) -> None:
    """Print a block per sensor and kind, each value in full and wrapped: what is not shown is not sent."""
    heading, count, size = ("", ""), 0, 0
    for message in messages:
        if heading != (message.sensor, message.kind):
            heading = (message.sensor, message.kind)
            print(f"\n{message.sensor}: {message.kind}")
        for line in record_lines(json.loads(bytes(message.payload))):
            print(line)
        count, size = count + 1, size + message_size(message)
    print(f"\n{count} messages, {size} bytes. Nothing was sent.")


def _value(value: object) -> str:
    """Return a value as JSON, text without its quotes where it needs none; never a control character."""
    if isinstance(value, str) and value.isprintable() and " " not in value:
        return value
    return json.dumps(value)


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    parser.add_argument(
        "--sensor", action="append", default=[], metavar="NAME", help="only this sensor; may be repeated; default all"
    )
    parser.add_argument("--json", action="store_true", help="print the messages exactly as sent, one per line")


COMMAND: Final = Command(
    name="collect",
    title="show exactly what a run collects on this host",
    description="Only the service starts a collection that is sent; from here it is always a dry run.",
    run=run,
    add_options=_add_options,
)
