"""No-execute pages: offered by ``/proc/cpuinfo``, turned off on the kernel's command line (F5.63 rule 8)."""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, read_lines, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import ProcessorFeatures

CPUINFO: Final = "/proc/cpuinfo"
COMMAND_LINE: Final = "/proc/cmdline"
_SWITCHES: Final = ("noexec=off", "noexec32=off")
"""Kernel arguments that turn no-execute pages off (kernel-parameters.rst)."""


def collect(host: Host) -> Iterator[ProcessorFeatures | Incomplete | Absent]:
    """Yield the one ProcessorFeatures, of the first processor: all processors of a host are alike in this."""
    try:
        flags = _flags(decode(host.read(CPUINFO)))
    except MISSING:
        yield Absent(reason=f"No {CPUINFO} on this host.")
        return
    except OSError as error:
        yield unread(CPUINFO, error)
        return
    disabled_by = ""
    try:
        disabled_by = _switch(read_lines(host, COMMAND_LINE)[0])
    except OSError as error:
        yield unread(COMMAND_LINE, error)
    yield ProcessorFeatures(architecture=host.uname()[3], nx_flag="nx" in flags, nx_disabled_by=disabled_by)


def _flags(cpuinfo: str) -> set[str]:
    for line in cpuinfo.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.strip() in ("flags", "Features"):
            return set(value.split())
    return set()


def _switch(command_line: str) -> str:
    """Return the argument that turns NX off; the last of each name wins, and arguments after ``--`` are init's."""
    arguments = command_line.partition(" -- ")[0].split()
    last = {argument.partition("=")[0]: argument for argument in arguments}
    return next((switch for switch in _SWITCHES if last.get(switch.partition("=")[0]) == switch), "")


SENSOR: Final = Sensor(
    name="processor_features",
    title="No-execute pages (NX)",
    records=(ProcessorFeatures,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
