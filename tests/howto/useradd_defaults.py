"""Defaults of `useradd`: ``/etc/default/useradd`` (useradd(8))."""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, read_lines, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import LoginDefinitions

PATH: Final = "/etc/default/useradd"


def collect(host: Host) -> Iterator[LoginDefinitions | Incomplete | Absent]:
    """Yield one record with every setting of the file."""
    try:
        lines = read_lines(host, PATH)
    except MISSING:
        yield Absent(reason=f"No {PATH} on this host.")
    except OSError as error:
        yield unread(PATH, error)
    else:
        pairs = (line.partition("=") for line in lines if not line.startswith("#"))
        yield LoginDefinitions(values={name.strip(): value.strip() for name, equals, value in pairs if equals})


SENSOR: Final = Sensor(
    name="useradd_defaults",
    title="Defaults of useradd",
    records=(LoginDefinitions,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
