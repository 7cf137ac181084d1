"""Mounted file systems (InspectorConfigurationInfo, F3.12, F3.21), as process 1 sees them: proc_pid_mountinfo(5).

An agent under systemd has its own mounts (``ProtectSystem=``), so the mounts of its own process are only a fallback.
Credentials in sources and options (network file systems, FUSE) are not sent.
"""

import re
from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, decode, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.configuration import Mount

FILES: Final = ("/proc/1/mountinfo", "/proc/self/mountinfo")
NOT_SENT: Final = "(not sent)"
_MAX_BYTES: Final = 16 * 1024 * 1024
_MAX_OPTIONS: Final = 200
_ROOT, _PATH, _OPTIONS, _OPTIONAL = 3, 4, 5, 6
_OCTAL: Final = re.compile(r"\\([0-3][0-7]{2})")
_SECRET: Final = re.compile(r"(?i)pass|secret|key|token|cred|auth")
_USER_INFO: Final = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*:)?//[^/@]*@")


def collect(host: Host) -> Iterator[Mount | Incomplete | Absent]:
    """Yield every mount, in the order of mounting."""
    problems: list[Incomplete] = []
    for path in FILES:
        try:
            data = host.read(path, _MAX_BYTES)
        except MISSING:
            continue
        except OSError as error:
            problems.append(unread(path, error))
            continue
        yield from problems
        yield from parse(data, path)
        return
    yield from problems
    if not problems:
        yield Absent(reason="No /proc on this host.")


def parse(data: bytes, path: str = FILES[0]) -> Iterator[Mount | Incomplete]:
    """Yield the mounts of a mountinfo file, then one sentence about the invalid lines."""
    broken = 0
    for line in decode(data).split("\n"):
        fields = line.split(" ")
        try:
            dash = fields.index("-", _OPTIONAL)
            kind, source, more = fields[dash + 1 : dash + 4]
        except ValueError:
            broken += bool(line.strip())
            continue
        options = (*fields[_OPTIONS].split(","), *more.split(","))
        yield Mount(
            path=_plain(fields[_PATH]),
            type=kind,
            source=_USER_INFO.sub(rf"\1//{NOT_SENT}@", "" if source == "none" else _plain(source)),
            root=_plain(fields[_ROOT]),
            options=tuple(_without_secret(option) for option in dict.fromkeys(options) if option)[:_MAX_OPTIONS],
        )
    if broken:
        yield Incomplete(reason=f"Lines of {path} that are not mounts: {broken}.")


def _without_secret(option: str) -> str:
    name, equals, value = option.partition("=")
    return f"{name}={NOT_SENT}" if equals and value and _SECRET.search(name) else option


def _plain(field: str) -> str:
    """Return a field with its octal escapes decoded; spaces are escaped too."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), field)


SENSOR: Final = Sensor(
    name="mounts",
    title="Mounted file systems",
    records=(Mount,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX,
)
