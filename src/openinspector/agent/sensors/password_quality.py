"""Password quality: ``pwquality.conf`` (pwquality.conf(5); F5.63 rules 5 and 6).

libpwquality reads ``pwquality.conf.d/*.conf`` in order of name and then ``pwquality.conf``; each overrides what was
read before, so the main file has the last word.
"""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MISSING, read_lines, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import PasswordQuality

MAIN: Final = "/etc/security/pwquality.conf"
FOLDER: Final = "/etc/security/pwquality.conf.d"
PAM_FOLDER: Final = "/etc/security"


def collect(host: Host) -> Iterator[PasswordQuality | Incomplete | Absent]:
    """Yield the one PasswordQuality; not ``present`` where the host has PAM and no file of pwquality."""
    values: dict[str, str] = {}
    found = False
    problems: list[Incomplete] = []
    try:
        names = [name for name in host.names(FOLDER) if name.endswith(".conf")]
    except MISSING:
        names = []
    except OSError as error:
        names = []
        problems.append(unread(FOLDER, error))
    for path in (*(f"{FOLDER}/{name}" for name in names), MAIN):
        try:
            values.update(parse(read_lines(host, path)))
            found = True
        except MISSING:
            continue
        except OSError as error:
            problems.append(unread(path, error))
    yield from problems
    if found or (not problems and _exists(host, PAM_FOLDER)):
        yield PasswordQuality(present=found, values=values)
    elif not problems:
        yield Absent(reason=f"No {MAIN} on this host, and no {PAM_FOLDER}.")


def parse(lines: list[str]) -> dict[str, str]:
    """Return name to value; a flag such as ``enforce_for_root`` has the value ``""``."""
    values: dict[str, str] = {}
    for line in lines:
        setting = line.partition("#")[0].strip()
        name, *rest = setting.replace("=", " ", 1).split(None, 1) or [""]
        if name:
            values[name] = "".join(rest).strip()
    return values


def _exists(host: Host, path: str) -> bool:
    try:
        return host.status(path).is_directory
    except OSError:
        return False


SENSOR: Final = Sensor(
    name="password_quality",
    title="Password quality (pwquality)",
    records=(PasswordQuality,),
    collect=collect,
    trigger=Trigger.RULE,
    systems=LINUX,
)
