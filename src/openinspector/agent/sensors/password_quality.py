"""Password quality: ``pwquality.conf`` (pwquality.conf(5); F5.63 rules 5 and 6).

libpwquality reads ``pwquality.conf.d/*.conf`` in order of name and then ``pwquality.conf``; each overrides the files
before it. At the first invalid line it stops reading altogether and keeps the values so far.
"""

from collections.abc import Iterator
from typing import Final

from openinspector.agent.host import Host
from openinspector.agent.linux.config_file import MAX_CONFIG_BYTES, MISSING, decode, encodable, unread
from openinspector.agent.sensor import LINUX, Absent, Incomplete, Sensor, Trigger
from openinspector.model.inventory import PasswordQuality
from openinspector.model.pwquality import FLAGS, NUMBERS, TEXTS, effective_value

MAIN: Final = "/etc/security/pwquality.conf"
FOLDER: Final = "/etc/security/pwquality.conf.d"
PAM_FOLDER: Final = "/etc/security"
MAX_LINE_BYTES: Final = 1022
_BLANKS: Final = " \t\n\v\f\r"


def collect(host: Host) -> Iterator[PasswordQuality | Incomplete | Absent]:
    """Yield the one PasswordQuality; not ``present`` if the host has PAM but no file of pwquality."""
    problems: list[Incomplete] = []
    values: dict[str, str] = {}
    found, stopped_at = False, ""
    for path in (*_folder(host, problems), MAIN):
        try:
            data = host.read(path, MAX_CONFIG_BYTES)
        except MISSING:
            continue
        except OSError as error:
            problems.append(unread(path, error))
            continue
        found = True
        stop = parse(data, values)
        if stop:
            stopped_at = f"{encodable(path)}:{stop}"
            break
    yield from problems
    if found or (not problems and _exists(host, PAM_FOLDER)):
        yield PasswordQuality(present=found, values=values, stopped_at=stopped_at)
    elif not problems:
        yield Absent(reason=f"No {MAIN} on this host, and no {PAM_FOLDER}.")


def parse(data: bytes, values: dict[str, str]) -> str:
    """Add the settings of one file to ``values``; return ``line: reason`` if the library stops there, else empty."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if len(line) > MAX_LINE_BYTES or b"\0" in line:
            return f"{number}: the line is longer than {MAX_LINE_BYTES} bytes or binary"
        setting = decode(line).partition("#")[0].strip(_BLANKS)
        if not setting:
            continue
        length = next((at for at, character in enumerate(setting) if character in f"={_BLANKS}"), len(setting))
        name, rest = setting[:length].lower(), setting[length:].lstrip(_BLANKS)
        value = effective_value(name, rest.removeprefix("=").lstrip(_BLANKS))
        if value is None:
            known = name in NUMBERS | TEXTS | FLAGS
            return f"{number}: {name} {'has an invalid value' if known else 'is not a setting'}"
        values[name] = value
    return ""


def _folder(host: Host, problems: list[Incomplete]) -> list[str]:
    """Return the paths of the folder's files in the library's order; add to ``problems`` if it cannot be read."""
    try:
        return [f"{FOLDER}/{name}" for name in host.names(FOLDER) if name.endswith(".conf")]
    except MISSING:
        return []
    except OSError as error:
        problems.append(unread(FOLDER, error))
        return []


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
