"""Defaults of new accounts: ``/etc/login.defs`` (login.defs(5); F5.63 rule 4)."""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, read_lines, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import LoginDefinitions

PATHS: Final = ("/etc/login.defs", "/usr/etc/login.defs")
"""The administrator's file, or else the distribution's (openSUSE)."""


def collect(host: Host) -> Iterator[LoginDefinitions | Incomplete | Absent]:
    """Yield the one LoginDefinitions."""
    for path in PATHS:
        try:
            lines = read_lines(host, path)
        except MISSING:
            continue
        except OSError as error:
            yield unread(path, error)
            return
        yield LoginDefinitions(values=parse(lines))
        return
    yield Absent(reason=f"No {PATHS[0]} on this host.")


def parse(lines: list[str]) -> dict[str, str]:
    """Return values by name; the last of a repeated name counts, as for the tools of shadow."""
    values: dict[str, str] = {}
    for line in lines:
        name, *rest = line.split(None, 1) or [""]
        if name and not name.startswith("#"):
            values[name] = _value("".join(rest))
    return values


def _value(rest: str) -> str:
    text = rest.strip()
    if text.startswith('"'):
        return text[1:].partition('"')[0]
    return text.partition("#")[0].strip()


SENSOR: Final = Sensor(
    name="login_definitions",
    title="Defaults of new accounts (login.defs)",
    records=(LoginDefinitions,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
