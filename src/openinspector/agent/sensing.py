"""The sensor process: ``python -m openinspector.agent.sensing names`` and ``… collect NUMBER SENSOR…``.

It needs memory only while sensors run, and a crash does not affect the agent. It writes one JSON value per line to
standard output: names, or telemetry messages as they are found. It does not read input, and has access to neither the
host key nor the service. It runs at the lowest priority, within
`openinspector.agent.collection.process_limits`.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence

from openinspector import __version__
from openinspector.agent.collection.collection import collect
from openinspector.agent.collection.process_limits import limit_this_process
from openinspector.agent.host import Host
from openinspector.agent.registry import sensors
from openinspector.agent.this_platform import this_host
from openinspector.model.errors import WireError
from openinspector.wire.codec import encode_json, encode_record
from openinspector.wire.telemetry import TelemetryMessage


def collect_messages(names: Sequence[str], number: int, host: Host) -> Iterator[TelemetryMessage]:
    """Run the named sensors once over ``host``; ``number`` counts the collections of a run.

    A record whose text is not Unicode cannot be sent. The status of its sensor then counts one record more than
    arrives, which shows the loss to the service.
    """
    known = sensors()
    chosen = [known[name] for name in names]
    for sensor, record in collect(chosen, host, time.monotonic, agent_version=__version__, collection=number):
        try:
            yield encode_record(sensor, record)
        except WireError:
            continue


def main(arguments: Sequence[str]) -> int:
    """Print the names or messages; return the exit status."""
    limit_this_process()
    try:
        if list(arguments) == ["names"]:
            _write(encode_json(list(sensors()), "names"))
            return 0
        number, names = int(arguments[1]), arguments[2:]
        for message in collect_messages(names, number, this_host()):
            _write(encode_json(message, "a message"))
    except BrokenPipeError:
        # The agent has closed the pipe.
        return 0
    return 0


def _write(line: bytes) -> None:
    view = memoryview(line + b"\n")
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
