"""`collect --dry-run`: shows exactly what a run would send from this host (better than the original: F1.6)."""

import json
import os
import sys
import textwrap
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from openinspector.agent.command import DONE, Command, Invocation, UsageError
from openinspector.wire.telemetry import TelemetryMessage

if TYPE_CHECKING:
    from openinspector.agent.collection.tally import CollectionTally

WIDTH: Final = 80


def run(invocation: Invocation) -> int:
    """Print every message that the collection of a run would send."""
    options = invocation.options
    if not options.dry_run:
        raise UsageError(
            "--dry-run is required: only the service starts a collection that is sent",
            advice="collect --dry-run shows what it would send.",
        )
    from openinspector.agent.collection.tally import CollectionTally

    tally = CollectionTally(time.monotonic)
    messages = tally.counted(_with_progress(_messages(options.sensor)))
    if options.json:
        for message in messages:
            print(msgspec.json.encode(message).decode())
        # Standard output holds the messages and nothing else.
        print(_total(tally), file=sys.stderr)
    else:
        _print_messages(messages)
        print("\n" + "\n".join(summary_lines(tally)))
    return DONE


def summary_lines(tally: "CollectionTally") -> Sequence[str]:
    """Return a table with a line per sensor and a total, at most 80 columns wide."""
    lines = [f"{'sensor':<30} {'messages':>9} {'bytes':>11} {'time':>9}  state"]
    lines += [
        f"{name:<30} {sensor.messages:>9,} {sensor.size:>11,} {sensor.duration_ms:>6,} ms  {sensor.state}"
        for name, sensor in tally.sensors.items()
    ]
    return [*(line.rstrip() for line in lines), "", *textwrap.wrap(_total(tally), WIDTH)]


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


def _with_progress(messages: Iterable[TelemetryMessage]) -> Iterator[TelemetryMessage]:
    """Yield ``messages``; if they go to a file or a pipe, show the current sensor on the terminal."""
    if sys.stdout.isatty() or not sys.stderr.isatty():
        yield from messages
        return
    for count, message in enumerate(messages, start=1):
        sys.stderr.write(f"\r\x1b[K{count:,} messages, {message.sensor}")
        sys.stderr.flush()
        yield message
    sys.stderr.write("\r\x1b[K")


def _print_messages(messages: Iterable[TelemetryMessage]) -> None:
    """Print a block per sensor and kind, with each value in full. Anything not printed is not sent."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if _takes_colours() else ("", "")
    heading = ("", "")
    for message in messages:
        if heading != (message.sensor, message.kind):
            heading = (message.sensor, message.kind)
            print(f"\n{bold}{message.sensor}: {message.kind}{plain}")
        for line in record_lines(json.loads(bytes(message.payload))):
            print(line)


def _takes_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _total(tally: "CollectionTally") -> str:
    envelopes = f"{tally.envelopes} envelope{'' if tally.envelopes == 1 else 's'}"
    return (
        f"{tally.messages:,} messages, {tally.size:,} bytes; compressed, {tally.wire_bytes:,} bytes in {envelopes} "
        "would go to the service. Nothing was sent."
    )


def _value(value: object) -> str:
    """Return a value as JSON, text without quotes if it needs none; never a control character."""
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
    description="Only the service starts a collection that is sent; this command always does a dry run.",
    run=run,
    add_options=_add_options,
)
