"""The host's clock (InspectorTimeEventMsg, F3.16): time, boot, zone, and time services.

The kernel reports synchronisation only through adjtimex(2), which Python does not offer. Instead, the sensor reads the
file that systemd-timesyncd leaves, and names other time services.
"""

import re
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, encodable, read_lines, unread
from openinspector.agent.linux.process_table import boot_time, stats
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.activity import TimeState

UPTIME: Final = "/proc/uptime"
LOCAL_TIME: Final = "/etc/localtime"
TIME_ZONE: Final = "/etc/timezone"
SYNCHRONIZED: Final = "/run/systemd/timesync/synchronized"
_ZONES: Final = "/zoneinfo/"
_TIMESYNC: Final = "systemd-timesyn"
SERVICES: Final = {
    "chronyd": "chronyd",
    "ntpd": "ntpd",
    "openntpd": "openntpd",
    "ptp4l": "ptp4l",
    "phc2sys": "phc2sys",
    _TIMESYNC: "systemd-timesyncd",
}
"""Names of their processes, cut to 15 characters as the kernel does."""
_SECONDS: Final = re.compile(rb"(\d{1,10})\.")


def collect(host: Host) -> Iterator[TimeState | Incomplete | Absent]:
    """Yield the one TimeState."""
    problems: list[Incomplete] = []
    booted_at, uptime = _boot(host, problems)
    zone = _zone(host, problems)
    services = tuple(sorted({SERVICES[stat.name] for stat in stats(host) if stat.name in SERVICES}))
    synchronized = _synchronized(host, runs=SERVICES[_TIMESYNC] in services)
    yield from problems
    if booted_at is None and not zone and not problems:
        yield Absent(reason="No clock and no time zone on this host.")
    elif booted_at is not None or zone:
        yield TimeState(
            now=booted_at + uptime if booted_at is not None and uptime is not None else None,
            booted_at=booted_at,
            time_zone=zone,
            services=services,
            synchronized=synchronized,
        )


def _boot(host: Host, problems: list[Incomplete]) -> tuple[int | None, int | None]:
    """Return the time of boot and the seconds since; None for a value that the kernel does not have."""
    booted_at, uptime = None, None
    try:
        booted_at = boot_time(host)
    except OSError as error:
        problems.append(unread("/proc/stat", error))
    try:
        found = _SECONDS.match(host.read(UPTIME, 4096))
        uptime = int(found[1]) if found else None
    except MISSING:
        pass
    except OSError as error:
        problems.append(unread(UPTIME, error))
    return booted_at, uptime


def _zone(host: Host, problems: list[Incomplete]) -> str:
    try:
        target = host.readlink(LOCAL_TIME)
        if _ZONES in target:
            return encodable(target.partition(_ZONES)[2])
    except OSError:  # a copy, or absent: Debian writes the name to another file
        pass
    try:
        return read_lines(host, TIME_ZONE)[0].strip()[:256]
    except MISSING:
        return ""
    except OSError as error:
        problems.append(unread(TIME_ZONE, error))
        return ""


def _synchronized(host: Host, *, runs: bool) -> bool | None:
    """Return True if systemd-timesyncd has set the clock and so made an empty file; None if it does not run."""
    try:
        host.status(SYNCHRONIZED)
    except OSError:
        return False if runs else None
    return True


SENSOR: Final = Sensor(
    name="time_state",
    title="Clock, time zone and time services",
    records=(TimeState,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
)
