"""Modules loaded into the running kernel (InspectorKernelModule, F3.12): proc_modules(5)."""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.configuration import KernelModule

MODULES: Final = "/proc/modules"
_MAX_BYTES: Final = 4 * 1024 * 1024
_NAME, _SIZE, _USERS, _TAINTS = 0, 1, 3, 6
_LEAST_FIELDS: Final = 4


def collect(host: Host) -> Iterator[KernelModule | Incomplete | Absent]:
    """Yield every loaded module in the order of the kernel, latest first."""
    try:
        data = host.read(MODULES, _MAX_BYTES)
    except MISSING:
        yield Absent(reason=f"No {MODULES} on this host: its kernel does not support modules.")
        return
    except OSError as error:
        yield unread(MODULES, error)
        return
    broken = 0
    for line in decode(data).split("\n"):
        fields = line.split()
        if len(fields) < _LEAST_FIELDS or not (fields[_SIZE].isascii() and fields[_SIZE].isdecimal()):
            broken += bool(fields)
            continue
        yield KernelModule(
            name=fields[_NAME],
            size=int(fields[_SIZE][:15]),
            used_by=tuple(name for name in fields[_USERS].split(",") if name not in ("", "-", "[permanent]")),
            taints=fields[_TAINTS].strip("()+-") if len(fields) > _TAINTS else "",
        )
    if broken:
        yield Incomplete(reason=f"Lines of {MODULES} that are not modules: {broken}.")


SENSOR: Final = Sensor(
    name="kernel_modules",
    title="Loaded kernel modules",
    records=(KernelModule,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
    max_bytes=2 * 1024 * 1024,
)
